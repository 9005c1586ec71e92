"""The relay: takes facts from the outbox and runs their DURABLE reactions, exactly once in effect.

A batch of rows, their reactions' effects and the removal of the rows are one transaction. When a batch fails, each
row is tried alone; one that keeps failing backs off and is set aside at last, and the others go on. Events of an
ordered type are handed on in the order in which their conversation had them.
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
MOST_BYTES = 500_000
"""Payload of one transaction: an event that names many people makes as much work as they are."""
MOST_ATTEMPTS = 10
FIRST_BACKOFF_MS = 500
FROM_START_MS = 5_000
"""How often a claim begins at the first row; between, it begins where the last such claim found the first one."""

Durable = Callable[[Tx, Sequence[Any]], Awaitable[None]]


class Relay:
    """Works through the outbox."""

    def __init__(self, database: Database, durable: Mapping[type[events.Event], Sequence[Durable]]) -> None:
        self._database = database
        self._durable = durable
        self._decode = msgspec.json.Decoder(events.Stored).decode
        self._floor = 0
        self._from_start_at = 0

    async def run_once(self) -> int:
        """Handles one batch; how many rows it was."""
        try:
            return await self._batch(BATCH)
        except Exception:
            log.exception("relay.batch_failed")
            return await self._one_by_one()

    async def _batch(self, limit: int) -> int:
        async with self._database.begin() as tx:
            found = await outbox.claim(tx.connection, now=tx.now, limit=limit, floor=self._begin_at(tx.now))
            claimed = _light(found)
            if len(claimed) < len(found):
                self._database.stored.wake()  # the rest comes next
            rows = await self._in_order(tx, claimed)
            if rows:
                await self._react(tx, rows)
                await outbox.done(tx.connection, [row.id for row in rows])
        if claimed:
            self._floor = claimed[0].id
        for row in rows:
            relayed.labels(row.type, "done").inc()
        return len(rows)

    def _begin_at(self, now: int) -> int:
        """The lowest id worth looking at.

        While an old transaction is open somewhere, rows that were deleted stay in the way of whoever reads from the
        first one. Now and then that is done all the same: numbers are given before the commit, so that a row may
        appear below others, and rows come back from their backoff.
        """
        if now < self._from_start_at:
            return self._floor
        self._from_start_at = now + FROM_START_MS
        return 0

    async def _in_order(self, tx: Tx, claimed: Sequence[Any]) -> Sequence[Any]:
        """Those that may be handled now: without such as an earlier one of the same key still stands before."""
        keys = {row.key for row in claimed if row.key is not None}
        if not keys:
            return claimed
        earlier = await outbox.earlier_elsewhere(tx.connection, keys, [row.id for row in claimed])
        rows, kinds, held = [], dict[str, str](), False
        for row in claimed:
            # Types are handled one after the other, so that two of them of one key cannot be in the same batch.
            same = row.key is None or kinds.setdefault(row.key, row.type) == row.type
            if same and (row.key not in earlier or row.id < earlier[row.key][0]):
                rows.append(row)
            elif row.key not in earlier:
                held = True
                kinds[row.key] = ""
        if held or any(not_before <= tx.now for _, not_before in earlier.values()):
            self._database.stored.wake()  # they can go as soon as this batch, or the other worker's, is committed
        return rows

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
                if not await outbox.claim_one(tx.connection, row.id) or not await self._in_order(tx, [row]):
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
            not_before = tx.now + FIRST_BACKOFF_MS * 2**row.attempts
            await outbox.failed(
                tx.connection,
                row.id,
                error=repr(error),
                not_before=not_before,
                dead_at=tx.now if dead else None,
            )
        self._from_start_at = min(self._from_start_at, not_before)


def _light(rows: Sequence[Any]) -> Sequence[Any]:
    """As many of the first rows as one transaction should carry; at least one."""
    weight = 0
    for place, row in enumerate(rows):
        weight += len(row.payload)
        if weight > MOST_BYTES and place:
            return rows[:place]
    return rows
