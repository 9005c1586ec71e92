"""Events that were published into the router: to named people, or to an audience that is planned page by page."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.base import Id, Millis, UserId, metadata
from persistence.deliveries import delivery
from persistence.engine import one_of
from persistence.notifications import notification
from persistence.upsert import insert
from persistence.users import user

WAITING = text("state IN ('planning', 'scheduled')")

notification_event = Table(
    "notification_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("type", String(64), nullable=False),
    Column("dedupe_key", String(255)),
    Column("digest", LargeBinary(32), nullable=False),
    Column("actor", UserId, nullable=False),
    Column("data", Text, nullable=False),
    Column("notifications", Text, nullable=False),
    Column("audience", Text),
    Column("state", String(16), nullable=False),
    Column("planned", Integer, nullable=False, server_default="0"),
    Column("cursor", UserId),
    Column("not_before", Millis, nullable=False),
    Column("expires_at", Millis),
    Column("at", Millis, nullable=False),
    Column("updated_at", Millis, nullable=False),
    UniqueConstraint("dedupe_key"),
    Index("ix_notification_event_waiting", "not_before", postgresql_where=WAITING, sqlite_where=WAITING),
)
"""`digest` is of the request's body, so that a repeat is told from another request with the same key. `notifications`
is JSON: user id -> notification id. With an `audience` people are planned by pages; `cursor` is the last one done."""


async def add(connection: AsyncConnection, values: Mapping[str, Any]) -> Row[Any] | None:
    """Stores an event and gives its row; None when its `dedupe_key` is known."""
    statement = insert(connection, notification_event).values(**values).on_conflict_do_nothing()
    stored: Row[Any] | None = (await connection.execute(statement.returning(notification_event))).one_or_none()
    return stored


async def get(connection: AsyncConnection, event_id: str) -> Row[Any] | None:
    """One event."""
    query = select(notification_event).where(notification_event.c.id == event_id)
    return (await connection.execute(query)).one_or_none()


async def of_dedupe_key(connection: AsyncConnection, key: str) -> Row[Any] | None:
    """The event that was published with this key."""
    query = select(notification_event).where(notification_event.c.dedupe_key == key)
    return (await connection.execute(query)).one_or_none()


async def cancelled(connection: AsyncConnection, event_ids: Iterable[str]) -> set[str]:
    """Which of these events were cancelled; the others cannot be until this transaction ends."""
    query = select(notification_event.c.id, notification_event.c.state).where(
        one_of(connection, notification_event.c.id, event_ids)
    )
    rows = await connection.execute(query.with_for_update(read=True))
    return {row.id for row in rows if row.state == "cancelled"}


async def deliveries(connection: AsyncConnection, event_id: str) -> list[tuple[str, int]]:
    """(state, count) of an event's deliveries."""
    query = (
        select(delivery.c.state, func.count())
        .join(notification, notification.c.id == delivery.c.notification_id)
        .where(notification.c.event_id == event_id)
        .group_by(delivery.c.state)
        .order_by(delivery.c.state)
    )
    return [(row[0], row[1]) for row in await connection.execute(query)]


async def cancel(connection: AsyncConnection, event_id: str, *, at: int) -> bool:
    """Marks an event as cancelled; False when there is none."""
    done = await connection.execute(
        update(notification_event).where(notification_event.c.id == event_id).values(state="cancelled", updated_at=at)
    )
    return done.rowcount > 0


async def is_waiting(connection: AsyncConnection, *, now: int) -> bool:
    """Whether an audience waits to be planned."""
    query = select(notification_event.c.id).where(WAITING, notification_event.c.not_before <= now).limit(1)
    return (await connection.execute(query)).first() is not None


async def claim(connection: AsyncConnection, *, now: int) -> Row[Any] | None:
    """The event whose audience is planned next, locked; None when there is none, or others have them all."""
    query = (
        select(notification_event)
        .where(WAITING, notification_event.c.not_before <= now)
        .order_by(notification_event.c.not_before)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (await connection.execute(query)).one_or_none()


async def advance(connection: AsyncConnection, event_id: str, values: Mapping[str, Any]) -> None:
    """Writes how far an audience was planned."""
    await connection.execute(update(notification_event).where(notification_event.c.id == event_id).values(**values))


async def people(connection: AsyncConnection, *, after: str | None, limit: int) -> Sequence[Any]:
    """A page of people (id, roles, locale) in the order of their ids."""
    query = select(user.c.id, user.c.roles, user.c.locale).order_by(user.c.id).limit(limit)
    page: Sequence[Any] = (await connection.execute(query if after is None else query.where(user.c.id > after))).all()
    return page
