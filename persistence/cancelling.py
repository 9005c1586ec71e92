"""What stops deliveries that wait: the message was read, a digest has nothing left, the person is gone."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Row, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import pairs
from persistence.deliveries import WAITING, delivery
from persistence.engine import one_of
from persistence.notification_planning import Group, Step, add_steps, hold, unread_of_groups
from persistence.notifications import GATHERS, notification

# Both conditions are spelled out: the index is on what is active, and what is being sent is not cancelled any more.
_OF_PAIRS = pairs.statements(
    delivery,
    ("conversation_id", "user_id"),
    where="state IN ('planned', 'held', 'ready', 'sending', 'retry_wait') AND state <> 'sending'",
)


async def waiting_of_pairs(connection: AsyncConnection, wanted: Collection[tuple[str, str]]) -> Sequence[Row[Any]]:
    """What waits for these (conversation, user) pairs and has not reached a provider."""
    statement = _OF_PAIRS[connection.dialect.name]
    return (await connection.execute(statement, pairs.parameters(connection, wanted))).all()


async def cancel(connection: AsyncConnection, found: Sequence[Any], *, reason: str, at: int) -> None:
    """Cancels those of the deliveries that still wait, and the digests that are left with nothing to carry."""
    if not found:
        return
    parents = {row.parent_id for row in found if row.parent_id is not None}
    await _hold(connection, {row.id for row in found} | parents)
    gone = list(await _cancel(connection, [row.id for row in found], reason=reason, at=at))
    if parents:
        gone += await _cancel_empty(connection, parents, reason=reason, at=at)
    await add_steps(connection, [Step(row.id, row.notification_id, at, "cancelled", reason) for row in gone])
    alerts = {row.notification_id for row in gone}
    await hold(connection, {(row.user_id, row.group_key) for row in await _groups(connection, alerts)})
    closed = update(notification).where(one_of(connection, notification.c.id, sorted(alerts)), GATHERS)
    await connection.execute(closed.values(gathers=False))


async def _groups(connection: AsyncConnection, ids: Iterable[str]) -> Sequence[Any]:
    """(user_id, group_key) of those of the notifications that take events in."""
    of_ids = one_of(connection, notification.c.id, sorted(ids))
    return (
        await connection.execute(select(notification.c.user_id, notification.c.group_key).where(of_ids, GATHERS))
    ).all()


async def _hold(connection: AsyncConnection, ids: Iterable[str]) -> None:
    """Locks those of the deliveries that still wait, in the order of everybody: what goes by itself comes first.

    Whoever sends a digest locks it before what waits in it, and both before their notifications.
    """
    query = select(delivery.c.id).where(one_of(connection, delivery.c.id, sorted(ids)), WAITING)
    ordered = query.order_by(delivery.c.parent_id.is_not(None), delivery.c.id)
    await connection.execute(ordered.with_for_update(key_share=True))


async def _cancel(connection: AsyncConnection, ids: Iterable[str], *, reason: str, at: int) -> Sequence[Row[Any]]:
    statement = (
        update(delivery)
        .where(one_of(connection, delivery.c.id, sorted(ids)), WAITING)
        .values(state="cancelled", reason=reason, lease_token=None, due_at=None, updated_at=at)
        .returning(delivery.c.id, delivery.c.notification_id)
    )
    return (await connection.execute(statement)).all()


async def _cancel_empty(
    connection: AsyncConnection, parents: Iterable[str], *, reason: str, at: int
) -> Sequence[Row[Any]]:
    child = delivery.alias("child")
    empty = ~exists().where(child.c.parent_id == delivery.c.id, child.c.state == "held")
    ids = (
        await connection.execute(select(delivery.c.id).where(one_of(connection, delivery.c.id, sorted(parents)), empty))
    ).scalars()
    return await _cancel(connection, list(ids), reason=reason, at=at)


async def mark_read(connection: AsyncConnection, groups: Collection[Group], *, at: int) -> set[str]:
    """Marks the inbox entries of these groups as read; the ids of the people who had any."""
    found = await unread_of_groups(connection, groups)
    if not found:
        return set()
    ids = sorted(row.id for row in found)
    await connection.execute(
        update(notification)
        .where(one_of(connection, notification.c.id, ids), notification.c.read_at.is_(None))
        .values(read_at=at)
    )
    unseen = update(notification).where(one_of(connection, notification.c.id, ids), notification.c.seen_at.is_(None))
    await connection.execute(unseen.values(seen_at=at))
    return {row.user_id for row in found}


async def cancel_of_notifications(connection: AsyncConnection, ids: Iterable[str], *, reason: str, at: int) -> None:
    """Cancels the rungs of these notifications that wait."""
    query = select(delivery).where(one_of(connection, delivery.c.notification_id, sorted(ids)), WAITING)
    await cancel(connection, (await connection.execute(query)).all(), reason=reason, at=at)


async def cancel_of_user(connection: AsyncConnection, user_id: str, *, reason: str, at: int) -> None:
    """Cancels all that waits for a person."""
    found = await connection.execute(select(delivery).where(delivery.c.user_id == user_id, WAITING))
    await cancel(connection, found.all(), reason=reason, at=at)


async def cancel_of_events(connection: AsyncConnection, event_ids: Iterable[str], *, reason: str, at: int) -> int:
    """Cancels all that waits of these events; how many deliveries that were."""
    query = (
        select(delivery)
        .join(notification, notification.c.id == delivery.c.notification_id)
        .where(one_of(connection, notification.c.event_id, event_ids), WAITING)
    )
    found = (await connection.execute(query)).all()
    await cancel(connection, found, reason=reason, at=at)
    return len(found)
