"""Notifications that were told of by some channel, as the reports of providers find them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, update

from hub.channels.base import Report
from hub.ids import new_id
from persistence.deliveries import delivery, delivery_step
from persistence.notifications import notification
from persistence.suppressions import suppression
from persistence.uow import Database
from persistence.users import user


class Told:
    """Writes rows as planner and deliverer do, and reads what became of them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def person(self, user_id: str = "fan", **values: Any) -> None:
        row = {"display_name": user_id, "roles": [], "email": f"{user_id}@example.com", "phone": "+50934000000"}
        row |= {"locale": "ht", "time_zone": "America/Port-au-Prince", "created_at": 1, "updated_at": 1, **values}
        async with self.database.begin() as tx:
            await tx.connection.execute(insert(user).values(id=user_id, **row))

    async def notification(self, user_id: str = "fan", **values: Any) -> str:
        """Its id."""
        row = {"id": new_id(), "event_id": new_id(), "user_id": user_id, "type": "order.placed", "role": "fan"}
        row |= {"category": "orders", "priority": 1, "data": "{}", "inbox": True, "created_at": 1, **values}
        async with self.database.begin() as tx:
            await tx.connection.execute(insert(notification).values(**row))
        return str(row["id"])

    async def delivery(self, notification_id: str, state: str = "accepted", **values: Any) -> str:
        """Its id."""
        row = {"id": new_id(), "notification_id": notification_id, "rung": 0, "channel": "email", "user_id": "fan"}
        row |= {"priority": 1, "state": state, "created_at": 1, "updated_at": 1, **values}
        async with self.database.begin() as tx:
            await tx.connection.execute(insert(delivery).values(**row))
        return str(row["id"])

    async def told(self, state: str = "accepted", **values: Any) -> str:
        """A delivery of a notification of its own."""
        return await self.delivery(await self.notification(), state, **values)

    async def record(self, delivery_id: str, **values: Any) -> None:
        async with self.database.begin() as tx:
            await tx.connection.execute(update(delivery).where(delivery.c.id == delivery_id).values(**values))

    async def of(self, delivery_id: str) -> Any:
        async with self.database.read() as connection:
            return (await connection.execute(select(delivery).where(delivery.c.id == delivery_id))).one()

    async def state(self, delivery_id: str) -> str:
        return str((await self.of(delivery_id)).state)

    async def steps(self, delivery_id: str) -> list[tuple[str, str | None]]:
        query = select(delivery_step).where(delivery_step.c.delivery_id == delivery_id).order_by(delivery_step.c.id)
        async with self.database.read() as connection:
            return [(row.state, row.reason) for row in await connection.execute(query)]

    async def suppressions(self) -> list[tuple[str, str, str]]:
        """(channel, scope, reason)."""
        async with self.database.read() as connection:
            rows = await connection.execute(select(suppression).order_by(suppression.c.channel, suppression.c.scope))
            return [(row.channel, row.scope, row.reason) for row in rows]

    async def notified(self, delivery_id: str) -> Any:
        """The notification of a delivery."""
        query = select(notification).join(delivery, delivery.c.notification_id == notification.c.id)
        async with self.database.read() as connection:
            return (await connection.execute(query.where(delivery.c.id == delivery_id))).one()


def report(delivery_id: str | None, kind: Any, name: str = "", **values: Any) -> Report:
    """What SendGrid tells of a delivery, at second 1."""
    values = {"provider": "sendgrid", "at": 1_000, **values}
    return Report(external_id=name or f"{kind}-{delivery_id}", kind=kind, delivery_id=delivery_id, **values)


def reports(delivery_id: str, kinds: Sequence[str]) -> list[Report]:
    return [report(delivery_id, kind) for kind in kinds]
