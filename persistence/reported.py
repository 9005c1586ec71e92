"""What providers' reports change: the states of deliveries, what a person has seen, which addresses are suppressed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import bulk
from persistence.deliveries import OF_PARENT, delivery
from persistence.engine import one_of
from persistence.notifications import notification
from persistence.suppressions import contact_window, suppression
from persistence.upsert import insert
from persistence.users import user


async def lock(connection: AsyncConnection, ids: Collection[str]) -> Sequence[Row[Any]]:
    """These deliveries with their notification's category, held until the transaction ends; in one order for all."""
    query = (
        select(delivery, notification.c.category)
        .join(notification, notification.c.id == delivery.c.notification_id)
        .where(one_of(connection, delivery.c.id, sorted(ids)))
        .order_by(delivery.c.id)
    )
    held = query.with_for_update(of=delivery, key_share=True)  # FOR NO KEY UPDATE: foreign keys' checks pass
    return (await connection.execute(held)).all()


async def children(connection: AsyncConnection, parent_ids: Collection[str]) -> Sequence[Row[Any]]:
    """What was told in these digests."""
    query = select(delivery).where(OF_PARENT, one_of(connection, delivery.c.parent_id, sorted(parent_ids)))
    return (await connection.execute(query.order_by(delivery.c.id))).all()


async def settle(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes the columns of locked deliveries, which nobody leases any more."""
    if rows:
        await bulk.update_many(connection, delivery, ["id"], rows)


async def see(connection: AsyncConnection, times: Mapping[str, int]) -> set[str]:
    """Notification id -> when it was seen (ms); the earliest holds. The people for whom that is new."""
    people = set[str]()
    for notification_id, at in sorted(times.items()):
        new = or_(notification.c.seen_at.is_(None), notification.c.seen_at > at)
        seen = update(notification).where(notification.c.id == notification_id, new)
        found = await connection.execute(seen.values(seen_at=at).returning(notification.c.user_id))
        people.update(found.scalars())
    return people


async def contacts(connection: AsyncConnection, user_ids: Iterable[str]) -> dict[str, Any]:
    """User id -> id, email, phone."""
    query = select(user.c.id, user.c.email, user.c.phone).where(one_of(connection, user.c.id, sorted(user_ids)))
    return {row.id: row for row in await connection.execute(query)}


async def of_phone(connection: AsyncConnection, phone: str) -> list[str]:
    """The people who have this number (E.164)."""
    return list((await connection.execute(select(user.c.id).where(user.c.phone == phone))).scalars())


async def lift(connection: AsyncConnection, channel: str, address_hash: str) -> None:
    """Removes every suppression of an address."""
    of_address = suppression.c.channel == channel, suppression.c.address_hash == address_hash
    await connection.execute(delete(suppression).where(*of_address))


async def open_window(connection: AsyncConnection, channel: str, address_hash: str, at: int) -> None:
    """Someone wrote to us at this time; an older message changes nothing."""
    statement = insert(connection, contact_window).values(channel=channel, address_hash=address_hash, at=at)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["channel", "address_hash"],
            set_={"at": at},
            where=contact_window.c.at < at,
        )
    )


async def answered_by_id(connection: AsyncConnection, provider_id: str, people: Collection[str]) -> Row[Any] | None:
    """The delivery to one of `people` that the provider knows by this id."""
    query = select(delivery).where(
        delivery.c.provider_id == provider_id,
        one_of(connection, delivery.c.user_id, sorted(people)),
        delivery.c.conversation_id.is_not(None),
    )
    return (await connection.execute(query.limit(1))).one_or_none()


async def last_told(
    connection: AsyncConnection, channel: str, people: Collection[str], *, since: int
) -> Row[Any] | None:
    """The last delivery by `channel` that told one of `people` of a message."""
    query = (
        select(delivery)
        .join(notification, notification.c.id == delivery.c.notification_id)
        .where(
            one_of(connection, delivery.c.user_id, sorted(people)),
            delivery.c.channel == channel,
            delivery.c.sent_at > since,
            delivery.c.conversation_id.is_not(None),
            notification.c.category == "messages",
        )
        .order_by(delivery.c.sent_at.desc(), delivery.c.id.desc())
    )
    return (await connection.execute(query.limit(1))).one_or_none()


async def replied(connection: AsyncConnection, notification_id: str, at: int) -> None:
    """The person answered a notification, so they have seen it too."""
    times = {
        "seen_at": func.coalesce(notification.c.seen_at, at),
        "replied_at": func.coalesce(notification.c.replied_at, at),
    }
    await connection.execute(update(notification).where(notification.c.id == notification_id).values(**times))


async def one(connection: AsyncConnection, delivery_id: str) -> Row[Any] | None:
    """One delivery."""
    return (await connection.execute(select(delivery).where(delivery.c.id == delivery_id))).one_or_none()
