"""The worker: relay, deliveries and timers, as loops that wake on a signal and poll behind it."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from hub.chat.conversations import Conversations
from hub.notifications.deliver import Deliverer
from hub.relay import Relay
from persistence import idempotency
from persistence.uow import Database

log = structlog.get_logger()

POLL_SECONDS = 1.0
AFTER_FAILURE_SECONDS = 2.0
DAY_MS = 86_400_000


class Worker:
    """Runs the durable road until it is stopped."""

    def __init__(self, database: Database, relay: Relay, deliverer: Deliverer, conversations: Conversations) -> None:
        self._database = database
        self._relay = relay
        self._deliverer = deliverer
        self._conversations = conversations
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Starts the loops."""
        loops = {"relay": self._relay.run_once, "deliveries": self._deliverer.run_once, "timers": self._tick}
        self._tasks = [asyncio.create_task(self._loop(name, once), name=name) for name, once in loops.items()]

    async def stop(self) -> None:
        """Stops the loops; what was under way is rolled back or left to its lease."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _loop(self, name: str, once: Callable[[], Awaitable[int]]) -> None:
        while True:
            try:
                handled = await once()
            except Exception:
                log.exception("worker.failed", loop=name)
                await asyncio.sleep(AFTER_FAILURE_SECONDS)
                continue
            if handled == 0:
                await self._rest(name)

    async def _rest(self, name: str) -> None:
        if name == "relay":
            await self._database.stored.wait(POLL_SECONDS)
        else:
            await asyncio.sleep(POLL_SECONDS)

    async def _tick(self) -> int:
        closed = await self._conversations.close_expired()
        async with self._database.begin() as tx:
            await idempotency.forget_before(tx.connection, tx.now - DAY_MS)
        return closed
