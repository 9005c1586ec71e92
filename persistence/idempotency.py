"""Answers that were given under an Idempotency-Key, kept for a day."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Index, Integer, LargeBinary, Row, String, Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.base import Millis, UserId, metadata
from persistence.upsert import insert

idempotency_key = Table(
    "idempotency_key",
    metadata,
    Column("user_id", UserId, primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("status", Integer),
    Column("answer", LargeBinary),
    Column("at", Millis, nullable=False),
    Index("ix_idempotency_key_at", "at"),
)


async def take(connection: AsyncConnection, values: Mapping[str, Any]) -> bool:
    """Takes the key for this transaction; False when it was taken before (a concurrent taker is waited for)."""
    statement = insert(connection, idempotency_key).values(**values).on_conflict_do_nothing()
    return (await connection.execute(statement)).rowcount > 0


async def get(connection: AsyncConnection, user_id: str, key: str) -> Row[Any] | None:
    """The row of a key that was taken."""
    query = select(idempotency_key).where(idempotency_key.c.user_id == user_id, idempotency_key.c.key == key)
    return (await connection.execute(query)).one_or_none()


async def answer(connection: AsyncConnection, user_id: str, key: str, *, status: int, answer: bytes) -> None:
    """Keeps the answer that repeats will get."""
    where = (idempotency_key.c.user_id == user_id, idempotency_key.c.key == key)
    await connection.execute(update(idempotency_key).where(*where).values(status=status, answer=answer))


async def forget_before(connection: AsyncConnection, at: int) -> None:
    """Removes keys older than `at`."""
    await connection.execute(delete(idempotency_key).where(idempotency_key.c.at < at))
