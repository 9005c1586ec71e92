"""How long notifications are kept: what is older is removed, a bounded number at a time."""

from typing import Any

from sqlalchemy import ColumnElement, Table, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.captured import captured
from persistence.deliveries import ACTIVE, delivery, delivery_step
from persistence.engine import one_of
from persistence.notification_events import notification_event
from persistence.notifications import notification
from persistence.provider_events import provider_event

BATCH = 2_000
"""Rows of one table that one transaction removes: a few ten milliseconds of locks, not a minute."""


async def forget_before(connection: AsyncConnection, at: int, *, most: int = BATCH) -> bool:
    """Removes what is older than `at` (ms), at most `most` rows of each table. Whether there may be more.

    A notification with a delivery that is still under way stays with all its deliveries.
    """
    more = await _forget_notifications(connection, at, most)
    for table, old, key in (
        (captured, captured.c.at < at, captured.c.delivery_id),
        (provider_event, provider_event.c.received_at < at, provider_event.c.external_id),
        (notification_event, _ended_before(at), notification_event.c.id),
    ):
        more = await _forget(connection, table, old, key, most) or more
    return more


async def _forget_notifications(connection: AsyncConnection, at: int, most: int) -> bool:
    under_way = select(delivery.c.id).where(delivery.c.notification_id == notification.c.id, ACTIVE).exists()
    # Ids begin with the time at which they were made, which is no later than the row's: so the key's index serves.
    old = (notification.c.id < first_id_at(at), notification.c.created_at < at)
    query = select(notification.c.id).where(*old, ~under_way).order_by(notification.c.id).limit(most)
    ids = (await connection.execute(query)).scalars().all()
    if ids:
        await connection.execute(delete(delivery_step).where(one_of(connection, delivery_step.c.notification_id, ids)))
        await connection.execute(delete(notification).where(one_of(connection, notification.c.id, ids)))
    return len(ids) == most


def _ended_before(at: int) -> ColumnElement[bool]:
    expired = or_(notification_event.c.expires_at.is_(None), notification_event.c.expires_at < at)
    done = (notification_event.c.state != "planning") & (notification_event.c.id < first_id_at(at))
    return done & (notification_event.c.updated_at < at) & (notification_event.c.not_before < at) & expired


def first_id_at(at: int) -> str:
    """The least UUIDv7 that can be made at `at` (ms): its first 48 bits are that time (RFC 9562, 5.7)."""
    return f"{at >> 16:08x}-{at & 0xFFFF:04x}-7000-8000-000000000000"


async def _forget(connection: AsyncConnection, table: Table, old: ColumnElement[bool], key: Any, most: int) -> bool:
    some = select(key).where(old).limit(most).scalar_subquery()
    return (await connection.execute(delete(table).where(key.in_(some), old))).rowcount >= most
