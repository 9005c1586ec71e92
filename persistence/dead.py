"""Dead letters: outbox rows and deliveries that nobody tries any more, until an operator has them tried again."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.deliveries import delivery, delivery_step
from persistence.outbox import outbox

REPLAYABLE = ("dead", "failed", "unknown")


async def events(connection: AsyncConnection, *, limit: int) -> Sequence[Row[Any]]:
    """Dead outbox rows, the latest to die first."""
    query = select(outbox).where(outbox.c.dead_at.is_not(None)).order_by(outbox.c.dead_at.desc(), outbox.c.id.desc())
    return (await connection.execute(query.limit(limit))).all()


async def deliveries(
    connection: AsyncConnection, *, limit: int, states: Collection[str] = REPLAYABLE
) -> Sequence[Row[Any]]:
    """Deliveries in these states, the latest first."""
    query = select(delivery).where(delivery.c.state.in_(sorted(states)))
    return (
        await connection.execute(query.order_by(delivery.c.updated_at.desc(), delivery.c.id.desc()).limit(limit))
    ).all()


async def replay_event(connection: AsyncConnection, row_id: int) -> bool:
    """Puts a dead row at the end of the outbox, as if it were new; False when there is none."""
    gone = delete(outbox).where(outbox.c.id == row_id, outbox.c.dead_at.is_not(None))
    kept = gone.returning(outbox.c.type, outbox.c.key, outbox.c.payload, outbox.c.at)
    row = (await connection.execute(kept)).one_or_none()
    if row is None:
        return False
    await connection.execute(insert(outbox).values(**row._mapping))  # noqa: SLF001  (the row's columns by name)
    return True


async def replay_delivery(connection: AsyncConnection, delivery_id: str, *, actor: str, at: int) -> bool:
    """Plans a delivery anew, due now; False when it is not in a state for that.

    What the provider called it is forgotten: facts of the attempts before are not about what goes out now.
    """
    values = {"state": "planned", "reason": None, "due_at": at, "attempts": 0, "lease_token": None, "updated_at": at}
    planned = update(delivery).where(delivery.c.id == delivery_id, delivery.c.state.in_(REPLAYABLE))
    values |= {"provider": None, "provider_id": None, "sent_at": None}
    found = await connection.execute(planned.values(**values).returning(delivery.c.notification_id))
    notification_id = found.scalar_one_or_none()
    if notification_id is None:
        return False
    step = {"delivery_id": delivery_id, "notification_id": notification_id, "at": at, "state": "planned"}
    await connection.execute(insert(delivery_step).values(**step, reason=f"replayed by {actor}"[:200]))
    return True
