"""A clock that tests move: it runs with the machine's, or stands still, plus whatever the test has added."""

import time
from datetime import UTC, datetime

from hub.clock import rfc3339


class MovableClock:
    """Begins at the machine's time, so that tokens stay valid; with `stands` it moves by the test alone."""

    def __init__(self, *, stands: bool = False) -> None:
        self._since = _machine() if stands else None
        self._added_ms = 0

    def now(self) -> int:
        return (_machine() if self._since is None else self._since) + self._added_ms

    def forward(self, seconds: float) -> None:
        self._added_ms += round(seconds * 1000)

    def text(self, *, seconds: float = 0) -> str:
        """`seconds` from now as RFC 3339."""
        return rfc3339(self.now() + round(seconds * 1000))


def moment(text: str) -> datetime:
    """An RFC 3339 time as the hub writes it."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def _machine() -> int:
    return time.time_ns() // 1_000_000
