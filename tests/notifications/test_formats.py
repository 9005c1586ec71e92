"""Money, dates and numbers as people of each language write them."""

import pytest

from hub.notifications.templates import formats
from hub.notifications.templates.money import money

NBSP, NARROW = "\u00a0", "\u202f"
AUGUST_3 = 1_785_783_840_000
"""2026-08-03 19:04 UTC, which is 15:04 in Port-au-Prince."""

MONEY = [
    (5_000, "USD", "$50.00", f"50,00{NBSP}$US", f"50,00{NBSP}$US"),
    (123_456, "HTG", f"HTG{NBSP}1,234.56", f"1{NARROW}234,56{NBSP}HTG", f"1{NBSP}234,56{NBSP}G"),
    (999, "EUR", "€9.99", f"9,99{NBSP}€", f"9,99{NBSP}€"),
    (1_234, "JPY", "¥1,234", f"1{NARROW}234{NBSP}JPY", f"1{NBSP}234{NBSP}JPY"),
    (1_234, "KWD", f"KWD{NBSP}1.234", f"1,234{NBSP}KWD", f"1,234{NBSP}KWD"),
    (150_050, "LBP", f"LBP{NBSP}1,500.50", f"1{NARROW}500,50{NBSP}£LB", f"1{NBSP}500,50{NBSP}£LB"),
    (-500, "USD", "-$5.00", f"-5,00{NBSP}$US", f"-5,00{NBSP}$US"),
    (0, "USD", "$0.00", f"0,00{NBSP}$US", f"0,00{NBSP}$US"),
]


@pytest.mark.parametrize(("amount", "currency", "english", "french", "kreyol"), MONEY)
def test_money_is_written_as_the_language_does(
    amount: int, currency: str, english: str, french: str, kreyol: str
) -> None:
    assert [money(amount, currency, language) for language in ("en", "fr", "ht")] == [english, french, kreyol]


@pytest.mark.parametrize(
    ("language", "date", "time"),
    [("en", "August 3, 2026", f"3:04{NARROW}PM"), ("fr", "3 août 2026", "15:04"), ("ht", "3 out 2026", "15:04")],
)
def test_a_moment_is_told_in_the_persons_time_zone(language: str, date: str, time: str) -> None:
    zone = "America/Port-au-Prince"
    assert formats.long_date(AUGUST_3, language, zone) == date
    assert formats.short_time(AUGUST_3, language, zone) == time
    both = formats.date_and_time(AUGUST_3, language, zone)
    assert both.startswith(date)
    assert both.endswith(time)


def test_kreyol_has_its_own_months() -> None:
    months = [formats.long_date(formats.moment(f"2026-{m:02}-15T12:00:00Z") or 0, "ht", "UTC") for m in range(1, 13)]
    assert [each.split()[1] for each in months] == [
        *("janvye", "fevriye", "mas", "avril", "me", "jen"),
        *("jiyè", "out", "septanm", "oktòb", "novanm", "desanm"),
    ]


@pytest.mark.parametrize(("language", "text"), [("fr", "1er mars 2026"), ("ht", "premye mas 2026")])
def test_the_first_of_a_month_has_an_ordinal(language: str, text: str) -> None:
    assert formats.long_date(formats.moment("2026-03-01T12:00:00Z") or 0, language, "UTC") == text


@pytest.mark.parametrize(
    ("moment", "time"),
    [("2026-03-08T06:59:00Z", "01:59"), ("2026-03-08T07:00:00Z", "03:00"), ("2026-11-01T06:00:00Z", "01:00")],
)
def test_the_clock_changes_in_port_au_prince(moment: str, time: str) -> None:
    assert formats.short_time(formats.moment(moment) or 0, "fr", "America/Port-au-Prince") == time


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../etc/passwd", "America", "\x00"])
def test_an_unknown_time_zone_is_utc(name: str) -> None:
    assert formats.short_time(AUGUST_3, "fr", name) == "19:04"


@pytest.mark.parametrize("value", [None, True, "soon", "2026-08-03T15:04:00", -1, 10**18, [], float("nan")])
def test_what_is_no_moment_is_none(value: object) -> None:
    assert formats.moment(value) is None


def test_numbers_are_grouped() -> None:
    assert [formats.number(1_234_567.5, each) for each in ("en", "fr", "ht")] == [
        "1,234,567.5",
        f"1{NARROW}234{NARROW}567,5",
        f"1{NBSP}234{NBSP}567,5",
    ]
