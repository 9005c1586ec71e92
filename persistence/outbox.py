"""The transactional outbox: facts that the world still has to hear of, written beside the change itself."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Identity,
    Index,
    Integer,
    Row,
    Select,
    SmallInteger,
    String,
    Table,
    Text,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import bulk
from persistence.base import Count, Millis, metadata
from persistence.engine import one_of

WAITING = text("dead_at IS NULL")
ORDERED = text("key IS NOT NULL AND dead_at IS NULL")

outbox = Table(
    "outbox",
    metadata,
    Column("id", Count, Identity(), primary_key=True),
    Column("type", String(64), nullable=False),
    Column("key", String(64)),
    Column("payload", Text, nullable=False),
    Column("at", Millis, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", Millis, nullable=False, server_default="0"),
    Column("last_error", String(500)),
    Column("dead_at", Millis),
    Column("slot", SmallInteger, nullable=False, server_default=text("hub_outbox_slot()")),
    Index("ix_outbox_waiting", "id", postgresql_where=WAITING, sqlite_where=WAITING),
    Index("ix_outbox_key", "key", "id", postgresql_where=ORDERED, sqlite_where=ORDERED),
)
"""A row lives until its reactions are done, in the transaction that records their effects; the table stays small.

`key` is what rows of an ordered type are ordered by, null for the others. On PostgreSQL `slot` is the partition, chosen
by the clock (see `outbox_rotation.py`); on SQLite it means nothing.
"""

Stored = tuple[str, str | None, str, int]
"""Type, key, payload as JSON, at."""


async def add(connection: AsyncConnection, rows: Sequence[Stored]) -> None:
    """Stores rows in the caller's transaction."""
    keys = ("type", "key", "payload", "at")
    await bulk.insert_many(connection, outbox, [dict(zip(keys, row, strict=True)) for row in rows])


def _ready(now: int, limit: int, floor: int) -> Select[Any]:
    ready = select(outbox).where(text("dead_at IS NULL"), outbox.c.not_before <= now, outbox.c.id >= floor)
    return ready.order_by(outbox.c.id).limit(limit)


async def claim(connection: AsyncConnection, *, now: int, limit: int, floor: int = 0) -> Sequence[Row[Any]]:
    """The oldest waiting rows from id `floor` on, locked; rows that another worker holds are passed over."""
    query = _ready(now, limit, floor).with_for_update(skip_locked=True)
    rows: Sequence[Row[Any]] = (await connection.execute(query)).all()
    return rows


async def waiting(connection: AsyncConnection, *, now: int, limit: int) -> Sequence[Row[Any]]:
    """The oldest waiting rows, not locked."""
    rows: Sequence[Row[Any]] = (await connection.execute(_ready(now, limit, 0))).all()
    return rows


async def claim_one(connection: AsyncConnection, row_id: int) -> bool:
    """Locks one row; False when it is gone or another worker holds it."""
    query = select(outbox.c.id).where(outbox.c.id == row_id).with_for_update(skip_locked=True)
    return (await connection.execute(query)).one_or_none() is not None


async def earlier_elsewhere(
    connection: AsyncConnection, keys: Collection[str], claimed: Collection[int]
) -> dict[str, tuple[int, int]]:
    """Key -> (id, `not_before`) of the first row with one of `keys` that waits before the last of `claimed`.

    Rows of `claimed` themselves do not count: what is found backs off, or another worker holds it.
    """
    before = select(outbox.c.key, outbox.c.id, outbox.c.not_before).where(
        ORDERED, one_of(connection, outbox.c.key, keys), outbox.c.id < max(claimed)
    )
    mine, found = set(claimed), dict[str, tuple[int, int]]()
    for row in await connection.execute(before.order_by(outbox.c.id)):
        if row.id not in mine:
            found.setdefault(row.key, (row.id, row.not_before))
    return found


async def done(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """Removes rows whose reactions this transaction has carried out."""
    await connection.execute(delete(outbox).where(one_of(connection, outbox.c.id, ids)))


async def failed(connection: AsyncConnection, row_id: int, *, error: str, not_before: int, dead_at: int | None) -> None:
    """Counts a failed attempt; with `dead_at` the row is set aside for an operator."""
    await connection.execute(
        update(outbox)
        .where(outbox.c.id == row_id)
        .values(attempts=outbox.c.attempts + 1, last_error=error[:500], not_before=not_before, dead_at=dead_at)
    )


MOST_COUNTED = 100_000
"""Counting further than this costs more than the exact number is worth."""


async def backlog(connection: AsyncConnection) -> tuple[int, int, int | None]:
    """How many rows wait (at most MOST_COUNTED), how many are dead, and when (ms) the oldest waiting one was stored."""
    some = select(outbox.c.id).where(WAITING).limit(MOST_COUNTED).subquery()
    waiting = await connection.scalar(select(func.count()).select_from(some))
    dead = await connection.scalar(select(func.count()).select_from(outbox).where(outbox.c.dead_at.is_not(None)))
    oldest = await connection.scalar(select(outbox.c.at).where(WAITING).order_by(outbox.c.id).limit(1))
    return waiting or 0, dead or 0, oldest
