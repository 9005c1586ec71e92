"""What the planner of notifications asks and writes, for many people at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, Text, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import bulk, pairs
from persistence.deliveries import delivery, delivery_step
from persistence.endpoints import endpoint
from persistence.engine import one_of
from persistence.notifications import INBOX, notification
from persistence.preferences import preference
from persistence.suppressions import suppression
from persistence.users import user

Group = tuple[str, str]
"""(user id, group key)."""

_GATHERING = pairs.statements(notification, ("user_id", "group_key"), first=Text, lock=True, where="gathers")
_UNREAD = pairs.statements(
    notification, ("user_id", "group_key"), first=Text, where="inbox AND read_at IS NULL", lock=True
)


async def people(connection: AsyncConnection, user_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """The rows of those users who exist."""
    rows = await connection.execute(select(user).where(one_of(connection, user.c.id, user_ids)))
    return {row.id: row for row in rows}


async def choices(connection: AsyncConnection, user_ids: Iterable[str]) -> dict[str, dict[tuple[str, str], bool]]:
    """User id -> (scope, channel) -> allowed, for those who chose anything."""
    found: dict[str, dict[tuple[str, str], bool]] = {}
    for row in await connection.execute(select(preference).where(one_of(connection, preference.c.user_id, user_ids))):
        found.setdefault(row.user_id, {})[row.scope, row.channel] = row.allowed
    return found


async def devices(connection: AsyncConnection, user_ids: Iterable[str]) -> dict[str, list[Row[Any]]]:
    """User id -> the push subscriptions that work."""
    found: dict[str, list[Row[Any]]] = {}
    query = select(endpoint).where(one_of(connection, endpoint.c.user_id, user_ids), endpoint.c.status == "active")
    for row in await connection.execute(query.order_by(endpoint.c.id)):
        found.setdefault(row.user_id, []).append(row)
    return found


async def suppressed(
    connection: AsyncConnection, hashes: Collection[str], *, now: int
) -> dict[tuple[str, str], dict[str, str]]:
    """(channel, address hash) -> scope -> reason, of what must not be written to."""
    query = select(suppression).where(
        one_of(connection, suppression.c.address_hash, hashes),
        or_(suppression.c.expires_at.is_(None), suppression.c.expires_at > now),
    )
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row in await connection.execute(query):
        found.setdefault((row.channel, row.address_hash), {})[row.scope] = row.reason
    return found


async def gathering(connection: AsyncConnection, groups: Collection[Group]) -> dict[Group, Row[Any]]:
    """The notifications of these groups that still take events in, held so until the transaction ends."""
    if not groups:
        return {}
    statement = _GATHERING[connection.dialect.name]
    rows = await connection.execute(statement, pairs.parameters(connection, groups))
    return {(row.user_id, row.group_key): row for row in rows}


async def hold(connection: AsyncConnection, groups: Collection[Group]) -> None:
    """Lets nothing join what gathers of these groups until the transaction ends.

    In one order for all: by person and group, and digests after what they carry, as the planner comes to them.
    """
    digests = {group for group in groups if group[1].startswith("digest:")}
    await gathering(connection, set(groups) - digests)
    await gathering(connection, digests)


async def unread_of_groups(connection: AsyncConnection, groups: Collection[Group]) -> Sequence[Row[Any]]:
    """The inbox entries of these groups that were not read."""
    statement = _UNREAD[connection.dialect.name]
    return (await connection.execute(statement, pairs.parameters(connection, groups))).all()


async def alerted_since(connection: AsyncConnection, user_ids: Iterable[str], since: int) -> set[Group]:
    """The groups of which these people were to be alerted after `since`; an entry in the inbox alone is no alert."""
    query = select(notification.c.user_id, notification.c.group_key).where(
        one_of(connection, notification.c.user_id, user_ids),
        notification.c.created_at > since,
        notification.c.group_key.is_not(None),
        INBOX,
        exists().where(delivery.c.notification_id == notification.c.id, delivery.c.channel != "in_app"),
    )
    return {(row[0], row[1]) for row in await connection.execute(query)}


async def add(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Inserts notifications that are not there yet; the ids of the new ones. In the order of their people."""
    ordered = sorted(rows, key=lambda row: (row["user_id"], row["event_id"]))
    return await bulk.insert_new(connection, notification, ordered)


async def add_deliveries(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts the deliveries of new notifications."""
    if rows:
        await bulk.insert_many(connection, delivery, rows)


async def replace_in_inbox(connection: AsyncConnection, ids: Sequence[str]) -> None:
    """Takes entries out of the inbox in whose place a newer one stands."""
    if ids:
        await connection.execute(
            update(notification).where(one_of(connection, notification.c.id, ids)).values(inbox=False)
        )


async def carriers(connection: AsyncConnection, notification_ids: Iterable[str]) -> dict[str, str]:
    """Notification id -> its one delivery's id, for digests."""
    query = select(delivery.c.notification_id, delivery.c.id).where(
        one_of(connection, delivery.c.notification_id, notification_ids)
    )
    return {row[0]: row[1] for row in await connection.execute(query)}


class Step(NamedTuple):
    """One line of a trace; `began_at` makes it an attempt."""

    delivery_id: str
    notification_id: str
    at: int
    state: str
    reason: str | None = None
    provider: str | None = None
    began_at: int | None = None


async def add_steps(connection: AsyncConnection, steps: Sequence[Step]) -> None:
    """Adds lines to traces."""
    if steps:
        await bulk.insert_many(connection, delivery_step, [step._asdict() for step in steps])


async def sent_since(
    connection: AsyncConnection, user_ids: Iterable[str], channel: str, since: int
) -> dict[str, tuple[int, int]]:
    """User id -> (how many deliveries went to them by the channel after `since`, when the first of them did)."""
    query = (
        select(delivery.c.user_id, func.count(), func.min(delivery.c.sent_at))
        .where(
            one_of(connection, delivery.c.user_id, user_ids),
            delivery.c.channel == channel,
            delivery.c.sent_at > since,
        )
        .group_by(delivery.c.user_id)
    )
    return {row[0]: (row[1], row[2]) for row in await connection.execute(query)}
