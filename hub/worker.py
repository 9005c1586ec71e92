"""The worker: relay, deliveries and timers, as loops that wake on a signal and poll behind it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from hub.chat.conversations import Conversations
from hub.notifications.announcing import Announcer
from hub.notifications.deliver import Deliverer
from hub.outbox_keeper import EVERY_SECONDS, OutboxKeeper
from hub.relay import BATCH, Relay
from persistence import idempotency, retention, turns
from persistence.uow import Database

log = structlog.get_logger()

POLL_SECONDS = 1.0
GATHER_SECONDS = 0.02
"""The relay lets events gather for so long: nothing durable is that urgent, and many together cost little more."""
AFTER_FAILURE_SECONDS = 2.0
STOP_SECONDS = 5.0
DAY_MS = 86_400_000
HOUR_MS = 3_600_000


Step = Callable[[], Awaitable[int]]
Rest = Callable[[], Awaitable[None]]


class Worker:
    """Runs the durable road until it is stopped."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        deliverer: Deliverer,
        announcer: Announcer,
        conversations: Conversations,
    ) -> None:
        self._database = database
        self._relay = relay
        self._deliverer = deliverer
        self._announcer = announcer
        self._conversations = conversations
        self._stopping = asyncio.Event()
        self._pruned_at = 0
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, *, durable: bool = True, timers: bool = True) -> None:
        """Starts the loops: the durable road, and the timers, whose changes open sockets should hear of at once.

        So the timers run where the sockets are, in the gateway's process, also when the durable road does not.
        """
        loops = []
        if durable:
            loops.append(self._loop("relay", self._relay_once, full=BATCH, rest=self._until_stored))
            loops.append(self._loop("outbox", OutboxKeeper(self._database).run_once, full=1, rest=self._keep_later))
            loops.append(self._loop("announcements", self._announcer.run_once, full=1, rest=self._poll))
            loops.append(self._deliverer.run())
            loops.append(self._pass_on())
        if timers:
            loops.append(self._loop("timers", self._tick, full=1, rest=self._poll))
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    async def stop(self) -> None:
        """Lets each loop finish its step, then ends it; a step that takes too long is left to its lease."""
        self._stopping.set()
        self._database.stored.wake()
        self._database.due.wake()
        await self._deliverer.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._deliverer.close()

    async def _loop(self, name: str, once: Step, *, full: int, rest: Rest) -> None:
        """Works until cancelled; rests when a step handled fewer than `full`, for then nothing more is waiting."""
        while not self._stopping.is_set():
            try:
                handled = await once()
            except Exception:
                log.exception("worker.failed", loop=name)
                await self._pause(AFTER_FAILURE_SECONDS)
                continue
            if handled < full:
                await rest()

    async def _relay_once(self) -> int:
        handled = await self._relay.run_once()
        if handled:
            self._deliverer.wake()
        return handled

    async def _pass_on(self) -> None:
        """What was planned elsewhere wakes the lanes here."""
        while not self._stopping.is_set():
            if await self._database.due.wait(POLL_SECONDS):
                self._deliverer.wake()

    async def _until_stored(self) -> None:
        if await self._database.stored.wait(POLL_SECONDS):
            await self._pause(GATHER_SECONDS)

    async def _poll(self) -> None:
        await self._pause(POLL_SECONDS)

    async def _keep_later(self) -> None:
        await self._pause(EVERY_SECONDS)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def _tick(self) -> int:
        turned = await self._conversations.keep_windows()
        async with self._database.begin() as tx:
            await idempotency.forget_before(tx.connection, tx.now - DAY_MS)
            if tx.now - self._pruned_at > HOUR_MS:
                await turns.forget_before(tx.connection, tx.now - DAY_MS)
                more = await retention.forget_before(tx.connection, tx.now - 30 * DAY_MS)
                self._pruned_at = self._pruned_at if more else tx.now
        return turned
