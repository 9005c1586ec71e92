"""The relay: takes facts from the outbox and runs their DURABLE reactions, exactly once in effect.

A batch of rows, their reactions' effects and the removal of the rows are one transaction. When a batch fails, each
row is tried alone; one that keeps failing backs off and is set aside at last, and the others go on.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
import structlog
from prometheus_client import Counter

from hub import events
from persistence import outbox
from persistence.uow import Database, Tx

log = structlog.get_logger()
relayed = Counter("hub_outbox_events_total", "Outbox events by type and how they ended", ["type", "outcome"])

BATCH = 2_000
"""Rows of one transaction: under load many of them are about the same conversations, which are then asked once."""
MOST_ATTEMPTS = 10
FIRST_BACKOFF_MS = 500

Durable = Callable[[Tx, Sequence[Any]], Awaitable[None]]


class Relay:
    """Works through the outbox."""

    def __init__(self, database: Database, durable: Mapping[type[events.Event], Sequence[Durable]]) -> None:
        self._database = database
        self._durable = durable
        self._decode = msgspec.json.Decoder(events.Stored).decode

    async def run_once(self) -> int:
        """Handles one batch; how many rows it was."""
        try:
            return await self._batch(BATCH)
        except Exception:
            log.exception("relay.batch_failed")
            return await self._one_by_one()

    async def _batch(self, limit: int) -> int:
        async with self._database.begin() as tx:
            rows = await outbox.claim(tx.connection, now=tx.now, limit=limit)
            if rows:
                await self._react(tx, rows)
                await outbox.done(tx.connection, [row.id for row in rows])
        for row in rows:
            relayed.labels(row.type, "done").inc()
        return len(rows)

    async def _react(self, tx: Tx, rows: Sequence[Any]) -> None:
        decoded = [self._decode(row.payload) for row in rows]
        for kind, reactions in self._durable.items():
            of_kind = [event for event in decoded if type(event) is kind]
            for react in reactions if of_kind else ():
                await react(tx, of_kind)

    async def _one_by_one(self) -> int:
        async with self._database.read() as connection:
            rows = await outbox.waiting(connection, now=self._database.clock.now(), limit=BATCH)
        for row in rows:
            await self._one(row)
        return len(rows)

    async def _one(self, row: Any) -> None:
        try:
            async with self._database.begin() as tx:
                if not await outbox.claim_one(tx.connection, row.id):
                    return
                await self._react(tx, [row])
                await outbox.done(tx.connection, [row.id])
        except Exception as error:
            log.exception("relay.event_failed", outbox_id=row.id, event_type=row.type)
            await self._put_back(row, error)

    async def _put_back(self, row: Any, error: Exception) -> None:
        dead = row.attempts + 1 >= MOST_ATTEMPTS
        relayed.labels(row.type, "dead" if dead else "retried").inc()
        async with self._database.begin() as tx:
            await outbox.failed(
                tx.connection,
                row.id,
                error=repr(error),
                not_before=tx.now + FIRST_BACKOFF_MS * 2**row.attempts,
                dead_at=tx.now if dead else None,
            )
