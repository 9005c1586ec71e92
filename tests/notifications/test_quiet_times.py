"""Quiet hours by the clocks of where people live: over midnight, and where the clocks leap or go back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hub.notifications.quiet import quiet_until

HAITI, NEW_YORK, PARIS = "America/Port-au-Prince", "America/New_York", "Europe/Paris"
KOLKATA, LORD_HOWE, APIA = "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"

TABLE = [
    # A window over midnight: before, at its first moment, at night, at its last minute, after.
    (HAITI, "22:00", "08:00", "2026-01-15T02:59:59", None),
    (HAITI, "22:00", "08:00", "2026-01-15T03:00:00", "2026-01-15T13:00:00"),
    (HAITI, "22:00", "08:00", "2026-01-15T09:00:00", "2026-01-15T13:00:00"),
    (HAITI, "22:00", "08:00", "2026-01-15T12:59:59", "2026-01-15T13:00:00"),
    (HAITI, "22:00", "08:00", "2026-01-15T13:00:00", None),
    # Haiti's summer time is that of the east coast: 2026-03-08 02:00 becomes 03:00, 2026-11-01 02:00 becomes 01:00.
    (HAITI, "22:00", "08:00", "2026-03-08T04:00:00", "2026-03-08T12:00:00"),
    (HAITI, "22:00", "08:00", "2026-11-01T03:00:00", "2026-11-01T13:00:00"),
    (NEW_YORK, "22:00", "08:00", "2026-03-08T04:00:00", "2026-03-08T12:00:00"),
    (NEW_YORK, "22:00", "08:00", "2026-11-01T03:00:00", "2026-11-01T13:00:00"),
    # The window ends within the hour that the clocks leap over: it ends with the leap.
    (NEW_YORK, "22:00", "02:30", "2026-03-08T04:00:00", "2026-03-08T07:00:00"),
    (PARIS, "22:00", "02:30", "2026-03-28T22:00:00", "2026-03-29T01:00:00"),
    # It begins within that hour: at 03:00 it holds already.
    (PARIS, "02:30", "06:00", "2026-03-29T00:59:59", None),
    (PARIS, "02:30", "06:00", "2026-03-29T01:00:00", "2026-03-29T04:00:00"),
    # The window ends within the hour that comes twice: at the first 01:30, and again at the second.
    (NEW_YORK, "22:00", "01:30", "2026-11-01T03:00:00", "2026-11-01T05:30:00"),
    (NEW_YORK, "22:00", "01:30", "2026-11-01T05:30:00", None),
    (NEW_YORK, "22:00", "01:30", "2026-11-01T06:10:00", "2026-11-01T06:30:00"),
    (NEW_YORK, "22:00", "01:30", "2026-11-01T06:30:00", None),
    # Half hours: Kolkata is at +05:30, Lord Howe puts its clocks by half an hour (2026-04-05 02:00 becomes 01:30,
    # 2026-10-04 02:00 becomes 02:30).
    (KOLKATA, "21:30", "07:15", "2026-06-01T15:59:59", None),
    (KOLKATA, "21:30", "07:15", "2026-06-01T16:00:00", "2026-06-02T01:45:00"),
    (LORD_HOWE, "23:00", "07:00", "2026-10-03T13:00:00", "2026-10-03T20:00:00"),
    (LORD_HOWE, "23:00", "02:15", "2026-10-03T13:00:00", "2026-10-03T15:30:00"),
    (LORD_HOWE, "23:00", "07:00", "2026-04-04T13:00:00", "2026-04-04T20:30:00"),
    # Samoa skipped the whole of 2011-12-30: the night of the 29th ends on the morning of the 31st.
    (APIA, "22:00", "08:00", "2011-12-30T09:00:00", "2011-12-30T18:00:00"),
    (APIA, "22:00", "08:00", "2026-01-15T09:00:00", "2026-01-15T19:00:00"),
    # Within one day, and windows that are none.
    (PARIS, "12:00", "14:00", "2026-07-01T10:30:00", "2026-07-01T12:00:00"),
    (PARIS, "12:00", "14:00", "2026-07-01T12:00:00", None),
    (PARIS, "08:00", "08:00", "2026-07-01T06:00:00", None),
    (PARIS, None, None, "2026-07-01T01:00:00", None),
    (PARIS, "22:00", None, "2026-07-01T01:00:00", None),
    ("UTC", "00:00", "23:59", "2026-07-01T23:59:00", None),
    ("UTC", "00:00", "23:59", "2026-07-01T00:00:00", "2026-07-01T23:59:00"),
]


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(("zone", "start", "end", "now", "until"), TABLE)
def test_quiet_hours_end_as_the_clocks_on_the_wall_say(
    zone: str, start: str | None, end: str | None, now: str, until: str | None
) -> None:
    assert quiet_until(ms(now), zone, start, end) == (None if until is None else ms(until))


@given(
    zone=some.sampled_from([HAITI, NEW_YORK, PARIS, KOLKATA, LORD_HOWE, APIA, "Africa/Casablanca", "Asia/Kathmandu"]),
    start=some.integers(0, 1439),
    end=some.integers(0, 1439),
    now=some.integers(ms("2011-01-01"), ms("2030-01-01")),
)
def test_quiet_hours_always_end_within_a_day_and_never_go_on_at_their_end(
    zone: str, start: int, end: int, now: int
) -> None:
    clocks = [f"{each // 60:02}:{each % 60:02}" for each in (start, end)]

    until = quiet_until(now, zone, *clocks)

    if until is not None:
        assert now < until <= now + 26 * 3_600_000, "a day, and what the clocks may be put back"
        again = quiet_until(until, zone, *clocks)
        assert again is None or again - now <= 26 * 3_600_000, "it can go on only where the clocks are put back"
