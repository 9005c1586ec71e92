"""A clock that tests move: it runs with the machine's, plus whatever the test has added."""

import time
from datetime import UTC, datetime

from hub.clock import rfc3339


class MovableClock:
    """Says what time it would be, had the added seconds passed."""

    def __init__(self) -> None:
        self._added_ms = 0

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self._added_ms

    def forward(self, seconds: float) -> None:
        self._added_ms += int(seconds * 1000)

    def text(self, *, seconds: float = 0) -> str:
        """`seconds` from now as RFC 3339."""
        return rfc3339(self.now() + int(seconds * 1000))


def moment(text: str) -> datetime:
    """An RFC 3339 time as the hub writes it."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
