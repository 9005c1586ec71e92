"""Rate limits: token buckets per person and per address."""

import time
from typing import Protocol

from msgspec import Struct

from hub.errors import RateLimited


class Rule(Struct, frozen=True):
    """`per_second` tokens flow in, up to `burst`; a request takes one."""

    name: str
    per_second: float
    burst: int


REQUESTS = Rule("requests", per_second=100, burst=200)
"""Socket.IO events and HTTP requests of one person."""
SENDS = Rule("sends", per_second=30, burst=100)
"""Messages of one person: more than anybody types, enough for an outbox that was offline for a day."""
CONNECTS = Rule("connects", per_second=50, burst=500)
"""New sessions from one address; a whole office or a mobile network may share it."""


class RateLimiter(Protocol):
    """Counts requests against rules, for the whole hub."""

    async def take(self, rule: Rule, key: str) -> None:
        """Takes a token of `key`'s bucket. Raises RateLimited with the time until the next one."""
        ...


class NoLimits:
    """Lets everything pass (HUB_RATE_LIMITS=off, for load tests)."""

    async def take(self, rule: Rule, key: str) -> None:
        """See RateLimiter."""


class MemoryLimiter:
    """Buckets of a single process."""

    MOST_BUCKETS = 100_000

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    async def take(self, rule: Rule, key: str) -> None:
        """See RateLimiter."""
        now = time.monotonic()
        tokens, since = self._buckets.get((rule.name, key), (float(rule.burst), now))
        tokens = min(rule.burst, tokens + (now - since) * rule.per_second)
        if tokens < 1:
            self._buckets[(rule.name, key)] = (tokens, now)
            raise RateLimited({"limit": rule.name}, retry_after_ms=int((1 - tokens) / rule.per_second * 1000) + 1)
        self._buckets[(rule.name, key)] = (tokens - 1, now)
        if len(self._buckets) > self.MOST_BUCKETS:
            self._drop_oldest_half()

    def _drop_oldest_half(self) -> None:
        """Those asked for longest ago are full again, or nearly: forgetting them changes next to nothing."""
        newest = sorted(self._buckets.items(), key=lambda item: item[1][1])[self.MOST_BUCKETS // 2 :]
        self._buckets = dict(newest)
