"""The transactional outbox: facts that the world still has to hear of, written beside the change itself."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Identity,
    Index,
    Integer,
    Row,
    Select,
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

outbox = Table(
    "outbox",
    metadata,
    Column("id", Count, Identity(), primary_key=True),
    Column("type", String(64), nullable=False),
    Column("payload", Text, nullable=False),
    Column("at", Millis, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", Millis, nullable=False, server_default="0"),
    Column("last_error", String(500)),
    Column("dead_at", Millis),
    Index("ix_outbox_waiting", "id", postgresql_where=WAITING, sqlite_where=WAITING),
)
"""A row lives until its reactions are done, in the transaction that records their effects; the table stays small."""


async def add(connection: AsyncConnection, rows: Sequence[tuple[str, str, int]]) -> None:
    """Stores (type, payload as JSON, at) in the caller's transaction."""
    keys = ("type", "payload", "at")
    await bulk.insert_many(connection, outbox, [dict(zip(keys, row, strict=True)) for row in rows])


def _ready(now: int, limit: int) -> Select[Any]:
    ready = select(outbox).where(outbox.c.dead_at.is_(None), outbox.c.not_before <= now)
    return ready.order_by(outbox.c.id).limit(limit)


async def claim(connection: AsyncConnection, *, now: int, limit: int) -> Sequence[Row[Any]]:
    """The oldest waiting rows, locked; rows that another worker holds are passed over."""
    rows: Sequence[Row[Any]] = (await connection.execute(_ready(now, limit).with_for_update(skip_locked=True))).all()
    return rows


async def waiting(connection: AsyncConnection, *, now: int, limit: int) -> Sequence[Row[Any]]:
    """The oldest waiting rows, not locked."""
    rows: Sequence[Row[Any]] = (await connection.execute(_ready(now, limit))).all()
    return rows


async def claim_one(connection: AsyncConnection, row_id: int) -> bool:
    """Locks one row; False when it is gone or another worker holds it."""
    query = select(outbox.c.id).where(outbox.c.id == row_id).with_for_update(skip_locked=True)
    return (await connection.execute(query)).one_or_none() is not None


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


async def backlog(connection: AsyncConnection) -> tuple[int, int]:
    """How many rows wait, and how many are dead."""
    dead = func.count(outbox.c.dead_at)
    waiting, lost = (await connection.execute(select(func.count() - dead, dead).select_from(outbox))).one()
    return int(waiting), int(lost)
