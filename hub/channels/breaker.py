"""Whether a provider is worth asking now: a circuit breaker (Nygard, Release It!) that also obeys Retry-After.

closed: everything passes. Opened by an operator's error at once, or by failures as such among the last attempts.
open: nothing passes until the cool-down is over. half-open: one attempt at a time passes, and decides.
"""

from collections import deque
from typing import Literal

from hub.clock import Clock

LOOKS_AT = 10
"""So many of the last attempts count …"""
WITHIN_MS = 60_000
"""… and only when they are no older."""
FAILURES = 5
FIRST_COOL_DOWN_MS = 5_000
LONGEST_COOL_DOWN_MS = 300_000
LONGEST_PAUSE_MS = 3_600_000
"""A provider that asks for a longer pause is asked again after this."""


Ticket = Literal["attempt", "probe"]
"""A probe is the one attempt that a half-open breaker lets through."""


class Breaker:
    """Of one provider. Each ticket is given back, with what the attempt said of the provider."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._recent: deque[tuple[int, bool]] = deque(maxlen=LOOKS_AT)
        self._open_until: int | None = None
        self._paused_until = 0
        self._cool_down_ms = FIRST_COOL_DOWN_MS
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Open or half-open: the provider has not proved yet that it works again."""
        return self._open_until is not None

    def wait_ms(self) -> int:
        """How long nothing may be asked; 0: it may now. While a probe is under way: the cool-down if it fails."""
        now = self._clock.now()
        opens_at = self._open_until or 0
        if self._probing:
            opens_at = now + self._cool_down_ms
        return max(0, opens_at - now, self._paused_until - now)

    def admit(self) -> Ticket | None:
        """A ticket for one attempt, or None: not now."""
        if self.wait_ms() > 0:
            return None
        if not self.is_open:
            return "attempt"
        self._probing = True
        return "probe"

    def worked(self, ticket: Ticket) -> None:
        """The provider did its part, whatever it said of the message."""
        if ticket == "probe":
            self._probing = False
            self._open_until = None
            self._recent.clear()
            self._cool_down_ms = FIRST_COOL_DOWN_MS
        self._recent.append((self._clock.now(), True))

    def failed(self, ticket: Ticket) -> None:
        """It did not answer, or answered that it cannot now."""
        now = self._clock.now()
        self._recent.append((now, False))
        failures = sum(not well for at, well in self._recent if now - at <= WITHIN_MS)
        if ticket == "probe" or failures >= FAILURES:
            self.broke(ticket)

    def broke(self, ticket: Ticket) -> None:
        """It will not work until somebody acts, or for a while."""
        if ticket == "probe":
            self._probing = False
            self._cool_down_ms = min(self._cool_down_ms * 2, LONGEST_COOL_DOWN_MS)
        elif self.is_open:
            return  # an attempt that began before it opened
        self._open_until = self._clock.now() + self._cool_down_ms

    def asked_to_wait(self, ticket: Ticket, seconds: float) -> None:
        """It said when to come again: no fault, but a pause."""
        pause = min(int(seconds * 1000), LONGEST_PAUSE_MS)
        self._paused_until = max(self._paused_until, self._clock.now() + pause)
        self.nothing(ticket)

    def nothing(self, ticket: Ticket) -> None:
        """The attempt said nothing about the provider: it was cancelled, or not wanted."""
        if ticket == "probe":
            self._probing = False
