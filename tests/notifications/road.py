"""The durable road without a gateway: a database, a clock that the test moves, and the parts called by hand."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from hub.bootstrap import Hub, bootstrap
from hub.chat.conversations import NewConversation, NewMember
from hub.chat.receipts import MoveReceipt
from hub.chat.sender import SendMessage
from hub.chat.users import Profile
from hub.notifications.unread import Nobody
from hub.settings import Settings
from persistence.deliveries import captured, delivery
from persistence.outbox import outbox
from tests.clock import MovableClock


class Road:
    """One process's durable road. The fan and the creator share one conversation."""

    def __init__(self, settings: Settings, clock: MovableClock | None = None) -> None:
        self.clock = clock or MovableClock(stands=True)
        self.hub: Hub = bootstrap(settings, clock=self.clock, attention=Nobody())
        self.database, self.relay, self.deliverer = self.hub.database, self.hub.relay, self.hub.worker._deliverer
        self.conversation_id = ""

    async def person(self, user_id: str, **profile: Any) -> None:
        values = {"display_name": user_id.title(), "email": f"{user_id}@example.com", **profile}
        await self.hub.services.users.save(user_id, Profile(**values))

    async def begin(self, **fan: Any) -> None:
        """The people and their conversation; `fan` are fields of the fan's profile."""
        await self.person("fan", **fan)
        await self.person("creator")
        self.conversation_id = await self.another_conversation()

    async def another_conversation(self) -> str:
        new = NewConversation(kind="direct", members=[NewMember("fan", "fan"), NewMember("creator", "creator")])
        async with self.database.begin() as tx:
            return await self.hub.services.conversations.create(tx, new, created_by="platform")

    async def write(self, body: str = "Hello!", *, to: str | None = None, by: str = "creator") -> int:
        """Sends as the creator; the message's number."""
        wish = SendMessage(
            conversation_id=to or self.conversation_id, sender_id=by, client_message_id=str(uuid4()), body=body
        )
        return (await self.hub.services.sender.send(wish)).message.seq

    async def read(self, seq: int) -> None:
        await self.hub.services.receipts.move(MoveReceipt(self.conversation_id, "fan", seq, "read"))

    async def work(self, seconds: float = 0.0) -> None:
        """Lets time pass, then lets the relay and the deliverer do what is due."""
        self.clock.forward(seconds)
        await self.relay.run_once()
        while await self.deliverer.run_once():
            pass

    async def deliveries(self) -> list[tuple[str, str | None, int]]:
        """(state, reason, attempts) of every delivery, oldest first."""
        async with self.database.read() as connection:
            rows = await connection.execute(select(delivery).order_by(delivery.c.created_at, delivery.c.id))
            return [(row.state, row.reason, row.attempts) for row in rows]

    async def states(self) -> list[str]:
        return [state for state, _, _ in await self.deliveries()]

    async def captures(self) -> Sequence[Any]:
        async with self.database.read() as connection:
            return (await connection.execute(select(captured).order_by(captured.c.at))).all()

    async def outbox(self) -> Sequence[Any]:
        async with self.database.read() as connection:
            return (await connection.execute(select(outbox).order_by(outbox.c.id))).all()


@asynccontextmanager
async def open_road(settings: Settings, clock: MovableClock | None = None) -> AsyncIterator[Road]:
    """A road that is closed at the end."""
    made = Road(settings, clock)
    try:
        yield made
    finally:
        await made.hub.database.connections.close()
