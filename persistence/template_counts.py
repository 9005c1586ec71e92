"""What became of the deliveries of each variant of a template."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.deliveries import delivery
from persistence.notifications import notification


async def by_variant(
    connection: AsyncConnection, event: str, role: str | None, *, besides: Collection[str], since: int
) -> Sequence[Row[Any]]:
    """(channel, locale, variant, version, sent, delivered, seen, read) of an event or a family, from `since` (ms) on.

    A family's template (`order`) tells of all its events but those `besides`, which have templates of their own.
    """
    kind = notification.c.type
    # `_` stands for any character in LIKE, and event types have it.
    of_family = kind.startswith(f"{event}.", autoescape=True) & kind.not_in(list(besides))
    columns = delivery.c.channel, delivery.c.locale, delivery.c.variant, delivery.c.template_version.label("version")
    query = (
        select(
            *columns,
            func.count().label("sent"),
            _how_many(delivery.c.state == "delivered").label("delivered"),
            _how_many(notification.c.seen_at.is_not(None)).label("seen"),
            _how_many(notification.c.read_at.is_not(None)).label("read"),
        )
        .join(notification, notification.c.id == delivery.c.notification_id)
        .where(delivery.c.sent_at >= since, delivery.c.variant.is_not(None), or_(kind == event, of_family))
        .group_by(*columns)
        .order_by(*columns)
    )
    if role is not None:
        query = query.where(notification.c.role == role)
    return (await connection.execute(query)).all()


def _how_many(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))
