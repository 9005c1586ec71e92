"""Which template a person gets: their role, their language or the nearest one, the event's words or its family's."""

from pathlib import Path

import pytest
from msgspec import ValidationError

from hub.channels.base import CHANNELS
from hub.notifications.templates import TemplateFailed, Templates
from tests.notifications.wording import CONVERSATION, NOW, OPEN, URL, say


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates(URL)


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("en-US", "en"), ("fr-CA", "fr"), ("fr_HT", "fr"), ("ht-HT", "ht"), ("HT", "ht"), ("pt-BR", "en"), ("", "en")],
)
def test_a_region_reads_its_language_and_an_unknown_one_english(
    templates: Templates, locale: str, expected: str
) -> None:
    assert say(templates, "order.placed", "push", locale=locale).locale == expected


def test_a_role_without_words_of_its_own_reads_the_fans(templates: Templates) -> None:
    fan = say(templates, "order.placed", "push", role="fan")
    assert say(templates, "order.placed", "push", role="support") == fan
    assert say(templates, "order.placed", "push", role="creator") != fan


def test_an_event_without_words_takes_its_familys_and_then_the_general_ones(templates: Templates) -> None:
    assert say(templates, "order.accepted", "push").name == "order.fan"
    assert say(templates, "booking.seat_changed", "push").name == "other"
    unnamed = say(templates, "booking.seat_changed", "push", data={})
    assert unnamed.subject == "Booking seat changed"


@pytest.mark.parametrize(
    ("locale", "one", "many", "greeting"),
    [
        ("en", "New message from Mirlande", "2 new messages from Mirlande", "Hello Jonas,"),
        ("fr", "Nouveau message de Mirlande", "2 nouveaux messages de Mirlande", "Bonjour Jonas,"),
        ("ht", "Nouvo mesaj nan men Mirlande", "2 nouvo mesaj nan men Mirlande", "Bonjou Jonas,"),
    ],
)
@pytest.mark.parametrize("event", ["message.unread", "message.digest"])
def test_unread_messages_of_one_conversation(
    templates: Templates, event: str, locale: str, one: str, many: str, greeting: str
) -> None:
    for count, subject in ((1, one), (2, many)):
        told = CONVERSATION | {"sender": "Mirlande", "count": count, "url": OPEN}
        data = told if event == "message.unread" else {"count": count, "conversations": [told]}
        mail = say(templates, event, "email", locale=locale, data=data)
        assert mail.subject == subject
        assert mail.text.startswith(f"{greeting}\n\n")
        assert "\n\n> Bonjou!\n> Ki jan ou ye?\n\n" in mail.text
        assert f": {OPEN}" in mail.text
        assert f'<html lang="{locale}">' in (mail.html or "")


def test_a_digest_of_several_conversations_names_each(templates: Templates) -> None:
    entries = [
        {"title": f"Order {n}", "sender": f"Person {n}", "count": n, "first": f"Text {n}", "url": f"{URL}/?c={n}"}
        for n in range(1, 11)
    ]
    mail = say(templates, "message.digest", "email", data={"count": 60, "conversations": entries, "more": 3})
    assert mail.subject == "60 new messages in 13 conversations"
    assert "Person 1 · Order 1\n> Text 1\n" in mail.text
    assert "Person 10 · Order 10 (10)\n> Text 10\n" in mail.text
    assert "And 3 more conversations." in mail.text
    for number in range(1, 11):
        assert f'<a href="{URL}/?c={number}">Read and reply</a>' in (mail.html or "")


def test_without_a_text_there_is_nothing_quoted(templates: Templates) -> None:
    for event, data in (
        ("message.unread", CONVERSATION | {"first": ""}),
        ("message.digest", {"count": 2, "conversations": [CONVERSATION | {"first": ""}]}),
    ):
        mail = say(templates, event, "email", data=data)
        assert "<blockquote" not in (mail.html or "")
        assert "The first:" not in mail.text


def test_names_of_ours_cannot_be_taken_by_data(templates: Templates) -> None:
    evil = {"name": "Eve", "links": {"open": "https://evil.example"}, "greeting": "Hi", "locale": "xx", "now": "x"}
    mail = say(templates, "security.new_sign_in", "email", data=evil)
    assert mail.text.startswith("Hello Jonas,")
    assert "evil" not in f"{mail.text}{mail.html}"


@pytest.mark.parametrize(
    "value", [None, "", [], {}, 0, -1, 2.5, True, "x" * 9_000, ["a"], {"a": {"b": 1}}, "{{ 7*7 }}"]
)
def test_odd_data_never_fails(templates: Templates, value: object) -> None:
    keys = ("title", "order", "fan", "creator", "amount", "currency", "due_at", "lines", "count", "first", "sender")
    data = dict.fromkeys((*keys, "conversations", "more", "state", "rating", "text", "body", "reason", "at"), value)
    for event in ("order.placed", "order.accepted", "payment.settled", "message.unread", "review.posted", "platform"):
        for channel in CHANNELS:
            assert say(templates, event, channel, data=data, locale="fr").text


def test_a_sources_time_is_the_persons(templates: Templates) -> None:
    mail = say(templates, "security.new_sign_in", "email", locale="ht", data={"at": NOW})
    assert "3 out 2026 a 15:04" in mail.text


LANGUAGE = """
[{locale}.everybody]
title = "Table {{{{ table }}}}"
body = "{locale}"
letter = "{locale}"
sms = "{locale}"
whatsapp = "{locale}"
"""


def test_an_event_is_one_file_and_a_missing_language_falls_back(tmp_path: Path) -> None:
    for event, locales in (("booking.made", ("en", "fr")), ("booking", ("en",))):
        text = 'about = "A table"' + "".join(LANGUAGE.format(locale=locale) for locale in locales)
        (tmp_path / f"{event}.toml").write_text(text, encoding="utf-8")
    templates = Templates(URL, texts=tmp_path)

    made = say(templates, "booking.made", "push", locale="ht", data={"table": 7})
    assert (made.subject, made.text, made.locale) == ("Table 7", "fr", "fr")
    moved = say(templates, "booking.moved", "sms", locale="fr", data={})
    assert (moved.name, moved.text) == ("booking", "en")
    with pytest.raises(TemplateFailed):
        say(templates, "unheard.of", "push", data={})


@pytest.mark.parametrize("line", ["titel = 'x'", "[en.fans]", "[en.fan]\ntitle = 'x'"])
def test_a_misspelt_file_is_refused_at_the_start(tmp_path: Path, line: str) -> None:
    (tmp_path / "booking.toml").write_text(f"about = 'A table'\n{line}\n", encoding="utf-8")
    with pytest.raises(ValidationError):
        Templates(URL, texts=tmp_path)
