"""Unread messages: planned when a message is sent, cancelled in the transaction that reads it, rendered when due.

The plan holds no content and no message number. When it comes due it looks at what is unread *then*: nothing, and it
is cancelled; something younger than the delay, and it waits for that; so a burst of messages makes one e-mail.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct

from hub.channels.base import Email
from hub.events import MessageSent, ReceiptMoved
from hub.ids import new_id
from hub.notifications import texts
from hub.settings import Settings
from persistence import conversations, deliveries, members, messages, users
from persistence.engine import Connection
from persistence.uow import Tx

CHANNEL = "email"


class Rendered(Struct, frozen=True):
    """An e-mail, and the last message that it tells of."""

    email: Email
    told_seq: int


class Attention(Protocol):
    """Knows who is looking at what."""

    async def is_looking(self, user_id: str, conversation_id: str) -> bool:
        """Whether a device of the user shows this conversation right now. When unsure: no."""
        ...


class Nobody:
    """For a process that holds no sockets: unsure of everybody, so it notifies."""

    async def is_looking(self, user_id: str, conversation_id: str) -> bool:
        """Always no."""
        del user_id, conversation_id
        return False


class Unread:
    """Plans and cancels the e-mail about messages that stay unread."""

    def __init__(self, settings: Settings) -> None:
        self._delay_ms = int(settings.unread_email_seconds * 1000)
        self._public_url = settings.public_url.rstrip("/")

    async def plan(self, tx: Tx, events: Sequence[MessageSent]) -> None:
        """DURABLE: one waiting delivery for every member who has not read the message yet."""
        due = await self._unread_by(tx, events)
        for pair in await deliveries.open_pairs(tx.connection, due) if due else ():
            del due[pair]
        if due:
            rows = [self._row(tx, pair, due_at) for pair, due_at in due.items()]
            await deliveries.plan(tx.connection, rows)

    async def _unread_by(self, tx: Tx, events: Sequence[MessageSent]) -> dict[tuple[str, str], int]:
        """(conversation, user) -> when the e-mail is due, for whoever has not read one of these messages."""
        people = await members.of_conversations(tx.connection, {event.conversation_id for event in events})
        # Whoever is just reading holds their row; after it, their mark and what they cancelled are known.
        rows = await members.of_pairs(
            tx.connection, [(of, each.user_id) for of, everyone in people.items() for each in everyone], lock=True
        )
        due: dict[tuple[str, str], int] = {}
        for event in events:
            for member in people.get(event.conversation_id, []):
                pair = (event.conversation_id, member.user_id)
                if member.user_id != event.sender_id and rows[pair].read_seq < event.seq:
                    due.setdefault(pair, event.at + self._delay_ms)
        return due

    @staticmethod
    def _row(tx: Tx, pair: tuple[str, str], due_at: int) -> dict[str, Any]:
        conversation_id, user_id = pair
        return {
            "id": new_id(),
            "user_id": user_id,
            "conversation_id": conversation_id,
            "channel": CHANNEL,
            "due_at": due_at,
            "created_at": tx.now,
            "updated_at": tx.now,
        }

    async def cancel(self, tx: Tx, events: Sequence[ReceiptMoved]) -> None:
        """WITHIN the transaction that moves the read watermark: who has read all is told of nothing."""
        pairs = [(each.conversation_id, each.user_id) for each in events if each.read_moved and each.unread == 0]
        if pairs:
            waiting = await deliveries.waiting_pairs(tx.connection, pairs)
            await deliveries.cancel_waiting(tx.connection, waiting, reason="read", at=tx.now)

    async def due_since(self, connection: Connection, delivery: Any) -> int | None:
        """When (ms) the oldest message that is unread and untold became due, or None when there is none."""
        first = await self._first(connection, delivery)
        return None if first is None else int(first.created_at) + self._delay_ms

    async def render(self, connection: Connection, delivery: Any) -> Rendered | None:
        """The e-mail about what is unread and untold now; None when nothing is, or the person has no address."""
        person = await users.get(connection, delivery.user_id)
        first = await self._first(connection, delivery)
        if person is None or person.email is None or first is None:
            return None
        conversation = await conversations.get(connection, delivery.conversation_id)
        message = await messages.get(connection, delivery.conversation_id, first.seq)
        sender = await users.get(connection, first.sender_id)
        if conversation is None or message is None or sender is None:
            return None
        count = await messages.unread(connection, delivery.conversation_id, delivery.user_id, first.seq - 1)
        words = texts.unread(
            person.locale,
            name=person.display_name,
            sender=sender.display_name,
            count=count,
            first=message.body,
            url=f"{self._public_url}/?conversation={delivery.conversation_id}",
        )
        email = Email(
            delivery_id=delivery.id,
            user_id=delivery.user_id,
            to=person.email,
            subject=words.subject,
            text=words.text,
            html=words.html,
        )
        return Rendered(email, told_seq=conversation.last_seq)

    @staticmethod
    async def _first(connection: Connection, delivery: Any) -> Any | None:
        told = await deliveries.told_seq(connection, delivery.conversation_id, delivery.user_id)
        return await messages.first_unread(connection, delivery.conversation_id, delivery.user_id, beyond=told)
