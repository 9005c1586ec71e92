"""The unit of work: one transaction, the events that it emits, and what must happen with them.

Reactions come in three kinds (the tables are in `hub/reactions.py`):

- WITHIN runs in the same transaction, just before the commit;
- DURABLE events are written to the outbox in the same transaction, for the relay;
- LIVE runs after the commit; a failure there is logged and never undoes the command.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import structlog

from hub.clock import Clock
from hub.events import Event
from persistence import outbox
from persistence.engine import Connection, Connections

log = structlog.get_logger()


class Tx:
    """An open transaction: the connection to query with, and `emit` for what has happened."""

    def __init__(self, connection: Connection, now: int) -> None:
        self.connection = connection
        self.now = now
        """When the transaction began (ms); one time for all that it writes."""
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        """Records that `event` has happened, if the transaction commits."""
        self.events.append(event)


Within = Callable[[Tx, Sequence[Any]], Awaitable[None]]
Live = Callable[[Any], Awaitable[None]]
Unsure = Callable[[str], Awaitable[None]]
"""Called with a conversation's id when a commit failed: the database may have carried it out all the same."""


class Reactions:
    """What reacts to which type of event; filled in by `hub/reactions.py`."""

    def __init__(
        self,
        within: Mapping[type[Event], Sequence[Within]],
        live: Mapping[type[Event], Sequence[Live]],
        durable: Collection[type[Event]],
        unsure: Unsure | None = None,
        ordered: Collection[type[Event]] = (),
    ) -> None:
        self.within, self.live, self.durable, self.unsure = within, live, durable, unsure
        self.ordered = ordered
        """Those of `durable` that are handed on in the order in which their conversation had them."""


class Database:
    """Hands out read snapshots and units of work."""

    def __init__(self, connections: Connections, clock: Clock) -> None:
        self.connections = connections
        self.clock = clock
        self.reactions = Reactions({}, {}, ())
        self.stored = Signal()
        """Set whenever the outbox got something, so that the relay need not poll."""
        self.due = Signal()
        """Set whenever a delivery was planned that is due now, so that who carries deliveries need not poll."""

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """One consistent snapshot."""
        async with self.connections.read() as connection:
            yield connection

    @asynccontextmanager
    async def read_one(self) -> AsyncIterator[Connection]:
        """For one statement, or several that need no common snapshot; cheaper than `read`."""
        async with self.connections.read_one() as connection:
            yield connection

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """One unit of work: commits at the end of the block, then runs the LIVE reactions."""
        tx: Tx | None = None
        durable: bool | None = None
        try:
            async with self.connections.write() as connection:
                tx = Tx(connection, self.clock.now())
                yield tx
                durable = await self._before_commit(tx)
        except Exception:
            if tx is not None and durable is not None:
                await self._commit_failed(tx)
            raise
        if durable:
            self.stored.set()
        await self._after_commit(tx)

    async def _before_commit(self, tx: Tx) -> bool:
        for kind, reactions in self.reactions.within.items():
            events = [event for event in tx.events if type(event) is kind]
            if events:
                for react in reactions:
                    await react(tx, events)
        rows = [self._row(event, tx.now) for event in tx.events if type(event) in self.reactions.durable]
        if rows:
            await outbox.add(tx.connection, rows)
        return bool(rows)

    def _row(self, event: Event, now: int) -> outbox.Stored:
        kind = type(event)
        key = event.about() or None if kind in self.reactions.ordered else None
        return str(kind.__struct_config__.tag), key, msgspec.json.encode(event).decode(), now

    async def _commit_failed(self, tx: Tx) -> None:
        """The answer to COMMIT is lost: nobody was told of the changes, yet they may be there."""
        if self.reactions.unsure is not None:
            for conversation_id in {event.about() for event in tx.events} - {""}:
                await self.reactions.unsure(conversation_id)

    async def _after_commit(self, tx: Tx) -> None:
        for event in tx.events:
            for react in self.reactions.live.get(type(event), ()):
                try:
                    await react(event)
                except Exception:  # the fact is committed; whoever missed it finds out from `rev`
                    log.exception("live.failed", event_type=type(event).__name__)


class Signal:
    """Wakes whoever waits, here and in other processes: several sets before a wait count as one."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.elsewhere: Callable[[], None] = _nobody
        """Tells the other processes; must not wait."""

    def set(self) -> None:
        """Wakes the waiter, or the next one, and tells the other processes."""
        self.wake()
        self.elsewhere()

    def wake(self) -> None:
        """Wakes the waiter of this process, or the next one."""
        self._event.set()

    async def wait(self, seconds: float) -> bool:
        """True when it was set, False after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


def _nobody() -> None:
    """There are no other processes."""
