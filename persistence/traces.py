"""What a trace is made of: a notification, its deliveries, what happened to each, and what providers reported."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.deliveries import delivery, delivery_step
from persistence.endpoints import endpoint
from persistence.engine import one_of
from persistence.notifications import notification
from persistence.provider_events import provider_event

MOST_REPORTS = 1_000


async def notification_of(connection: AsyncConnection, notification_id: str) -> Row[Any] | None:
    """The notification's row."""
    query = select(notification).where(notification.c.id == notification_id)
    return (await connection.execute(query)).one_or_none()


async def deliveries_of(connection: AsyncConnection, notification_id: str) -> Sequence[Row[Any]]:
    """Its deliveries in the order of the rungs; `carrier_due_at` is when the digest goes out that one waits in."""
    carrier = delivery.alias("carrier")
    query = (
        select(delivery, carrier.c.due_at.label("carrier_due_at"))
        .outerjoin(carrier, carrier.c.id == delivery.c.parent_id)
        .where(delivery.c.notification_id == notification_id)
    )
    ordered = query.order_by(delivery.c.rung, delivery.c.created_at, delivery.c.id)
    return (await connection.execute(ordered)).all()


async def steps_of(connection: AsyncConnection, notification_id: str) -> Sequence[Row[Any]]:
    """What happened to its deliveries, in order."""
    query = select(delivery_step).where(delivery_step.c.notification_id == notification_id)
    return (await connection.execute(query.order_by(delivery_step.c.at, delivery_step.c.id))).all()


async def reports_of(connection: AsyncConnection, deliveries: Collection[Row[Any]]) -> Sequence[Row[Any]]:
    """What providers reported of these deliveries, oldest first: by our id of them, or by the provider's."""
    if not deliveries:
        return ()
    named = [one_of(connection, provider_event.c.delivery_id, [row.id for row in deliveries])]
    known_as = [row.provider_id for row in deliveries if row.provider_id is not None]
    if known_as:
        named.append(one_of(connection, provider_event.c.provider_id, known_as))
    query = select(provider_event).where(or_(*named)).order_by(provider_event.c.at, provider_event.c.external_id)
    return (await connection.execute(query.limit(MOST_REPORTS))).all()


async def addresses_of(connection: AsyncConnection, endpoint_ids: Collection[str]) -> dict[str, str]:
    """Endpoint id -> its address, of devices that are still there."""
    if not endpoint_ids:
        return {}
    query = select(endpoint.c.id, endpoint.c.address).where(one_of(connection, endpoint.c.id, endpoint_ids))
    return {row.id: row.address for row in await connection.execute(query)}
