"""The time, as one object that is passed in, so that tests can move it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
END = 253_402_300_800_000
"""The year 10000, in ms since the epoch."""


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> int:
        """See Clock."""
        return time.time_ns() // 1_000_000


def rfc3339(ms: int) -> str:
    """`ms` since the epoch as `2026-11-21T09:30:00.123Z` (RFC 3339, always UTC, always three digits)."""
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def parse_rfc3339(text: str) -> int:
    """Milliseconds since the epoch of an RFC 3339 time; ValueError when it has no time zone or is no time."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the time has no time zone")
    ms = (moment - EPOCH) // timedelta(milliseconds=1)
    if not 0 <= ms < END:
        raise ValueError("the time is before 1970 or after 9999")
    return ms
