"""Logging of what may go wrong thousands of times a second."""

import time

import structlog

log = structlog.get_logger()

SAY_EVERY_SECONDS = 10.0


class Seldom:
    """Logs a kind of trouble at most once in ten seconds, with how often it was there meanwhile."""

    def __init__(self, event: str) -> None:
        self._event = event
        self._next = 0.0
        self._times = 0

    def say(self, **details: object) -> None:
        """There is trouble."""
        self._times += 1
        now = time.monotonic()
        if now >= self._next:
            log.warning(self._event, times=self._times, **details)
            self._next, self._times = now + SAY_EVERY_SECONDS, 0
