"""Dates in Haitian Creole: Babel 2.18 knows `ht` but writes its months and days in French."""

from datetime import date

MONTHS = (
    "janvye",
    "fevriye",
    "mas",
    "avril",
    "me",
    "jen",
    "jiyè",
    "out",
    "septanm",
    "oktòb",
    "novanm",
    "desanm",
)
WEEKDAYS = ("lendi", "madi", "mèkredi", "jedi", "vandredi", "samdi", "dimanch")


def long_date(day: date) -> str:
    """`3 out 2026`; the first of a month is `premye out 2026`."""
    number = "premye" if day.day == 1 else str(day.day)
    return f"{number} {MONTHS[day.month - 1]} {day.year}"


def full_date(day: date) -> str:
    """`lendi 3 out 2026`."""
    return f"{WEEKDAYS[day.weekday()]} {long_date(day)}"
