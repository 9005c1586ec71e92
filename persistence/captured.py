"""What the sandbox took instead of a provider, to be looked at in development."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Index, Row, String, Table, Text, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.base import Id, Millis, UserId, metadata
from persistence.upsert import insert

captured = Table(
    "captured_delivery",
    metadata,
    Column("delivery_id", Id, primary_key=True),
    Column("notification_id", Id, nullable=False),
    Column("user_id", UserId, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("subject", String(300)),
    Column("text", Text, nullable=False),
    Column("html", Text),
    Column("details", Text, nullable=False, server_default="{}"),
    Column("at", Millis, nullable=False),
    Index("ix_captured_delivery_at", "at"),
    Index("ix_captured_delivery_user_id", "user_id", "at"),
)
"""The key makes taking the same delivery twice one row; `details` is JSON."""


async def keep(connection: AsyncConnection, values: Mapping[str, Any]) -> None:
    """Keeps what a sandbox sender was given, once for each delivery."""
    await connection.execute(insert(connection, captured).values(**values).on_conflict_do_nothing())


async def newest(
    connection: AsyncConnection, *, user_id: str | None, channel: str | None, limit: int = 200
) -> Sequence[Row[Any]]:
    """What was captured, newest first."""
    query = select(captured).order_by(captured.c.at.desc(), captured.c.delivery_id.desc()).limit(limit)
    if user_id is not None:
        query = query.where(captured.c.user_id == user_id)
    if channel is not None:
        query = query.where(captured.c.channel == channel)
    return (await connection.execute(query)).all()


async def forget_before(connection: AsyncConnection, at: int) -> None:
    """Removes what was captured before `at`."""
    await connection.execute(delete(captured).where(captured.c.at < at))


async def erase(connection: AsyncConnection, user_id: str) -> None:
    """Forgets what was captured for a person."""
    await connection.execute(delete(captured).where(captured.c.user_id == user_id))
