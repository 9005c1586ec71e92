"""Dates, times and numbers in a person's language and time zone. Results are cached: a burst repeats the same ones."""

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from hub.clock import parse_rfc3339
from hub.notifications.templates import kreyol

DATE_AND_TIME = {"en": "{date} at {time}", "fr": "{date} à {time}", "ht": "{date} a {time}"}
LAST_MS = 253_370_764_800_000
"""The year 9999: later than that, a time zone could overflow."""


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    return Locale.parse(language)


@lru_cache(maxsize=512)
def zone(name: str) -> tzinfo:
    """The time zone of that name; UTC when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such zone, a path outside, a directory
        return UTC


def moment(value: object) -> int | None:
    """Milliseconds since the epoch of a number of ms or an RFC 3339 text; None for anything else."""
    if isinstance(value, str):
        try:
            value = parse_rfc3339(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < LAST_MS else None


@lru_cache(maxsize=4096)
def long_date(ms: int, language: str, time_zone: str) -> str:
    """`August 3, 2026`, `3 août 2026`, `3 out 2026`."""
    return _date(datetime.fromtimestamp(ms // 1000, zone(time_zone)).date(), language)


def _date(day: date, language: str) -> str:
    if language == "ht":
        return kreyol.long_date(day)
    text = format_date(day, "long", locale=_locale(language))
    # CLDR's pattern has no ordinal, which French wants for the first of a month.
    return f"1er{text[1:]}" if language == "fr" and day.day == 1 else text


@lru_cache(maxsize=4096)
def short_time(ms: int, language: str, time_zone: str) -> str:
    """`3:04 PM`, `15:04`."""
    return format_time(datetime.fromtimestamp(ms // 1000, zone(time_zone)), "short", locale=_locale(language))


@lru_cache(maxsize=4096)
def date_and_time(ms: int, language: str, time_zone: str) -> str:
    """`August 3, 2026 at 3:04 PM`, `3 août 2026 à 15:04`, `3 out 2026 a 15:04`."""
    pattern = DATE_AND_TIME.get(language, DATE_AND_TIME["en"])
    return pattern.format(date=long_date(ms, language, time_zone), time=short_time(ms, language, time_zone))


@lru_cache(maxsize=4096)
def number(value: float, language: str) -> str:
    """`1,234.5`, `1 234,5`."""
    return format_decimal(value, locale=_locale(language))
