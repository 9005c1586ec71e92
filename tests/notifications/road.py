"""The durable road without a gateway: a database, a clock that the test moves, and the parts called by hand."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

import msgspec
from sqlalchemy import select

from hub.bootstrap import Hub, bootstrap
from hub.channels.base import Channel, Sender
from hub.chat.conversations import NewConversation, NewMember
from hub.chat.receipts import MoveReceipt
from hub.chat.sender import SendMessage
from hub.chat.users import Profile
from hub.ids import new_id
from hub.notifications.attention import Attention, Nobody
from hub.notifications.publishing import Publication, Published
from hub.settings import Settings
from persistence import bulk, preferences
from persistence.captured import captured
from persistence.deliveries import delivery, delivery_step
from persistence.endpoints import endpoint
from persistence.notifications import notification
from persistence.outbox import outbox
from persistence.suppressions import address_hash, suppression
from tests.clock import MovableClock


class Road:
    """One process's durable road. The fan and the creator share one conversation."""

    def __init__(
        self,
        settings: Settings,
        clock: MovableClock | None = None,
        senders: Mapping[Channel, Sender] | None = None,
        attention: Attention | None = None,
    ) -> None:
        self.clock = clock or MovableClock(stands=True)
        self.hub: Hub = bootstrap(settings, clock=self.clock, attention=attention or Nobody(), senders=senders)
        self.database, self.relay, self.deliverer = self.hub.database, self.hub.relay, self.hub.worker._deliverer
        self.announcer, self.publisher = self.hub.worker._announcer, self.hub.services.publisher
        self.conversation_id = ""

    async def person(self, user_id: str, **profile: Any) -> None:
        values = {"display_name": user_id.title(), "email": f"{user_id}@example.com", **profile}
        await self.hub.services.users.save(user_id, Profile(**values))

    async def begin(self, **fan: Any) -> None:
        """The people and their conversation; `fan` are fields of the fan's profile."""
        await self.person("fan", **fan)
        await self.person("creator", roles=("creator",))
        self.conversation_id = await self.another_conversation()

    async def another_conversation(self, fan: str = "fan", creator: str = "creator") -> str:
        new = NewConversation(kind="direct", members=[NewMember(fan, "fan"), NewMember(creator, "creator")])
        async with self.database.begin() as tx:
            return await self.hub.services.conversations.create(tx, new, created_by="platform")

    async def device(self, user_id: str, name: str = "phone") -> str:
        """The id of a new push subscription."""
        address = f"https://push.example/{user_id}/{name}"
        now = self.clock.now()
        row = {
            "id": new_id(),
            "user_id": user_id,
            "channel": "push",
            "address": address,
            "address_hash": address_hash(address),
            "p256dh": "B" * 87,
            "auth": "a" * 22,
            "label": name,
            "status": "active",
            "created_at": now,
            "updated_at": now,
        }
        await self.insert(endpoint, row)
        return str(row["id"])

    async def choose(self, user_id: str, scope: str, channel: str, *, allowed: bool) -> None:
        async with self.database.begin() as tx:
            await preferences.choose(tx.connection, user_id, {(scope, channel): allowed}, at=tx.now)

    async def suppress(self, channel: str, address: str, scope: str = "all", reason: str = "bounced") -> None:
        row = {
            "channel": channel,
            "address_hash": address_hash(address),
            "scope": scope,
            "reason": reason,
            "created_at": self.clock.now(),
        }
        await self.insert(suppression, row)

    async def insert(self, table: Any, row: Mapping[str, Any]) -> None:
        async with self.database.begin() as tx:
            await bulk.insert_many(tx.connection, table, [row])

    async def write(self, body: str = "Hello!", *, to: str | None = None, by: str = "creator") -> int:
        """Sends as the creator; the message's number."""
        wish = SendMessage(
            conversation_id=to or self.conversation_id, sender_id=by, client_message_id=str(uuid4()), body=body
        )
        return (await self.hub.services.sender.send(wish)).message.seq

    async def read(self, seq: int, *, of: str | None = None, by: str = "fan") -> None:
        await self.hub.services.receipts.move(MoveReceipt(of or self.conversation_id, by, seq, "read"))

    async def publish(
        self, kind: str, *recipients: str, data: Mapping[str, Any] | None = None, **more: Any
    ) -> Published:
        """Publishes an event, as a service would."""
        data = data or {}
        digest = sha256(msgspec.json.encode([kind, recipients, data], order="deterministic")).digest()
        wish = Publication(type=kind, data=data, actor="svc", digest=digest, recipients=recipients, **more)
        async with self.database.begin() as tx:
            return await self.publisher.publish(tx, wish)

    def until(self, when: datetime) -> None:
        """Moves the clock to this time."""
        self.clock.forward(when.timestamp() - self.clock.now() / 1000)

    async def plan(self) -> None:
        """Lets what is scheduled for now be published, and the relay do what is due."""
        while await self.announcer.run_once() or await self.relay.run_once():
            pass

    async def work(self, seconds: float = 0.0) -> None:
        """Lets the relay plan what has happened and time pass; then lets the relay and the deliverer do what is due."""
        if seconds:
            await self.plan()
            self.clock.forward(seconds)
        await self.plan()
        while await self.deliverer.run_once():
            pass

    async def kill(self, working: "asyncio.Task[int]") -> None:
        """Ends the deliverer where it stands, as a process that is killed: nothing more is written."""
        tasks = [working, *self.deliverer._under_way()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def rows(self, channel: str | None = None, **where: Any) -> Sequence[Any]:
        """Deliveries with their notification's `type`, oldest first, the rungs in order."""
        query = select(delivery, notification.c.type).join(
            notification, notification.c.id == delivery.c.notification_id
        )
        if channel is not None:
            query = query.where(delivery.c.channel == channel)
        for name, value in where.items():
            query = query.where((notification if name == "type" else delivery).c[name] == value)
        async with self.database.read() as connection:
            ordered = query.order_by(delivery.c.created_at, delivery.c.notification_id, delivery.c.rung, delivery.c.id)
            return (await connection.execute(ordered)).all()

    async def deliveries(self, channel: str = "email") -> list[tuple[str, str | None, int]]:
        """(state, reason, attempts) of what goes out by the channel; what waits in a digest goes with its carrier."""
        return [(row.state, row.reason, row.attempts) for row in await self.rows(channel) if row.parent_id is None]

    async def states(self, channel: str = "email") -> list[str]:
        return [state for state, _, _ in await self.deliveries(channel)]

    async def notifications(self, **where: Any) -> Sequence[Any]:
        query = select(notification).order_by(notification.c.created_at, notification.c.id)
        for name, value in where.items():
            query = query.where(notification.c[name] == value)
        async with self.database.read() as connection:
            return (await connection.execute(query)).all()

    async def decisions(self, notification_id: str) -> list[dict[str, Any]]:
        """What was decided when it was planned."""
        (row,) = await self.notifications(id=notification_id)
        found: list[dict[str, Any]] = msgspec.json.decode(row.decisions)
        return found

    async def steps(self, delivery_id: str) -> list[tuple[str, str | None]]:
        """(state, reason) of a delivery's trace."""
        query = select(delivery_step).where(delivery_step.c.delivery_id == delivery_id).order_by(delivery_step.c.id)
        async with self.database.read() as connection:
            return [(row.state, row.reason) for row in await connection.execute(query)]

    async def captures(self, channel: str | None = "email") -> Sequence[Any]:
        """What the sandbox took, oldest first."""
        query = select(captured).order_by(captured.c.at, captured.c.delivery_id)
        async with self.database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [row for row in rows if channel in (None, row.channel)]

    async def outbox(self) -> Sequence[Any]:
        async with self.database.read() as connection:
            return (await connection.execute(select(outbox).order_by(outbox.c.id))).all()


@asynccontextmanager
async def open_road(
    settings: Settings,
    clock: MovableClock | None = None,
    senders: Mapping[Channel, Sender] | None = None,
    attention: Attention | None = None,
) -> AsyncIterator[Road]:
    """A road that is closed at the end."""
    made = Road(settings, clock, senders, attention)
    try:
        yield made
    finally:
        await made.deliverer.close()
        await made.hub.database.connections.close()
