"""Keeps a node alive in Redis, and clears away the people of nodes that are not."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

import structlog

from hub.gateway.redis_people import People, Seen
from hub.gateway.seldom import Seldom

log = structlog.get_logger()

BEAT_SECONDS = 2.5
"""Three beats go into a lease."""


class Keeper:
    """Beats, and sweeps when elected. A node that died is noticed after its lease and at most one beat of another."""

    def __init__(
        self,
        people: People,
        *,
        beat_seconds: float,
        registered: Callable[[], bool],
        forgotten: Callable[[], None],
        gone: Callable[[Sequence[Seen]], Awaitable[None]],
    ) -> None:
        self._people = people
        self._every = beat_seconds
        self._registered = registered
        self._on_forgotten = forgotten
        self._on_gone = gone
        self._trouble = Seldom("presence.node_cannot_beat")

    async def beat(self) -> None:
        """Renews the lease, until cancelled."""
        while True:
            await self._pause()
            try:
                if self._registered() and await self._people.beat() != "known":
                    self._on_forgotten()
            except Exception as error:  # most often Redis is away; the next round tries again
                self._trouble.say(error=f"{type(error).__name__}: {error}")

    async def sweep(self) -> None:
        """Looks for dead nodes, until cancelled."""
        while True:
            await self._pause()
            try:
                dead = await self._people.dead()
                if not dead:
                    continue
                async with self._people.elected() as elected:
                    for each in dead if elected else ():
                        log.warning("presence.node_gone", node=each.node, last_beat=each.last_beat)
                        async for people in self._people.sweep(each):
                            await self._on_gone(people)
            except Exception as error:  # most often Redis is away; the next round tries again
                self._trouble.say(error=f"{type(error).__name__}: {error}")

    async def _pause(self) -> None:
        await asyncio.sleep(self._every * random.uniform(0.9, 1.1))  # noqa: S311  (nodes must not beat as one)
