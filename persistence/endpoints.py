"""Endpoints: the devices that a person has for Web Push."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Index, Row, String, Table, Text, UniqueConstraint, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.base import Id, Millis, UserId, metadata
from persistence.upsert import insert

endpoint = Table(
    "endpoint",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", UserId, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("address", Text, nullable=False),
    Column("address_hash", String(64), nullable=False),
    Column("p256dh", String(128), nullable=False),
    Column("auth", String(64), nullable=False),
    Column("label", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("reason", String(200)),
    Column("created_at", Millis, nullable=False),
    Column("updated_at", Millis, nullable=False),
    UniqueConstraint("channel", "address_hash"),
    Index("ix_endpoint_user_id", "user_id"),
)
"""`status` is `active` or `gone`: a push service that answers 404 or 410 has forgotten the subscription."""


async def register(connection: AsyncConnection, values: Mapping[str, Any]) -> None:
    """Adds a device, or takes over the one with the same address: its keys and its person are the new ones.

    It is as if it were just made, but for its id.
    """
    changes = {key: value for key, value in values.items() if key not in ("id", "channel", "address_hash")}
    statement = insert(connection, endpoint).values(**values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["channel", "address_hash"], set_=changes))


async def of_user(connection: AsyncConnection, user_id: str) -> Sequence[Row[Any]]:
    """A person's devices that work, newest first."""
    query = select(endpoint).where(endpoint.c.user_id == user_id, endpoint.c.status == "active")
    return (await connection.execute(query.order_by(endpoint.c.updated_at.desc(), endpoint.c.id.desc()))).all()


async def remove(
    connection: AsyncConnection, user_id: str, *, endpoint_id: str | None = None, address_hash: str | None = None
) -> bool:
    """Removes one of the person's devices, by its id or by its address. Whether it was there."""
    query = delete(endpoint).where(endpoint.c.user_id == user_id)
    query = query.where(
        endpoint.c.id == endpoint_id if endpoint_id is not None else endpoint.c.address_hash == address_hash
    )
    return (await connection.execute(query)).rowcount > 0


async def keep_newest(connection: AsyncConnection, user_id: str, most: int) -> None:
    """Removes all but the `most` devices that were registered last."""
    newest = (
        select(endpoint.c.id)
        .where(endpoint.c.user_id == user_id)
        .order_by(endpoint.c.updated_at.desc(), endpoint.c.id.desc())
        .limit(most)
        .scalar_subquery()
    )
    await connection.execute(delete(endpoint).where(endpoint.c.user_id == user_id, endpoint.c.id.not_in(newest)))


async def erase(connection: AsyncConnection, user_id: str) -> None:
    """Forgets a person's devices."""
    await connection.execute(delete(endpoint).where(endpoint.c.user_id == user_id))
