"""The live road: the only place that names rooms and emits. Each event is encoded once and given to the bus."""

from typing import Any

from hub.events import ConversationChanged, ConversationCreated, MessageChanged, ReceiptMoved
from hub.gateway import frames
from hub.gateway.badges import Badges
from hub.gateway.bus import Bus
from hub.gateway.rooms import conversation_room, presence_room, user_room
from hub.gateway.wire import (
    ConversationResync,
    ConversationUpdated,
    MessageEvent,
    PresenceState,
    ReceiptUpdated,
    TypingEvent,
)


class Realtime:
    """Tells open sockets what has happened."""

    def __init__(self, bus: Bus, badges: Badges) -> None:
        self._bus = bus
        self._badges = badges
        badges.emit = self.badge

    async def message_changed(self, event: MessageChanged) -> None:
        """LIVE: a message is new, changed or gone."""
        message = event.message
        payload = MessageEvent(message.conversation_id, event.rev, message)
        await self._to_conversation(event.type, message.conversation_id, payload, rev=event.rev)
        author = message.sender_id if event.type == "message.new" else None
        await self._badges.touch_members(message.conversation_id, but=author)

    async def conversation_changed(self, event: ConversationChanged) -> None:
        """LIVE: a conversation opened or closed."""
        changed = event.conversation
        payload = ConversationUpdated(conversation_id=changed.id, rev=event.rev, conversation=changed)
        await self._to_conversation("conversation.updated", changed.id, payload, rev=event.rev)
        await self._badges.touch_members(changed.id)

    async def conversation_created(self, event: ConversationCreated) -> None:
        """LIVE: there is a new conversation in the members' lists."""
        for user_id in event.member_ids:
            self._badges.touch(event.conversation_id, user_id)

    async def receipt_moved(self, event: ReceiptMoved) -> None:
        """LIVE: a member received or read more."""
        payload = ReceiptUpdated(event.conversation_id, event.user_id, event.delivered_seq, event.read_seq)
        await self._to_conversation("receipt.updated", event.conversation_id, payload)
        if event.read_moved:
            self._badges.touch(event.conversation_id, event.user_id)

    async def typing(self, event: TypingEvent) -> None:
        """Somebody types, or stopped; not told to the person's own sockets."""
        await self._to_conversation("typing", event.conversation_id, event, skip_user=event.user_id)

    async def presence(self, state: PresenceState) -> None:
        """Somebody appears otherwise than before."""
        await self._bus.publish(presence_room(state.user_id), frames.event("presence", state))

    async def resync(self, conversation_id: str) -> None:
        """Something may have changed that nobody was told of: whoever has the conversation open asks."""
        await self._to_conversation(
            "conversation.resync", conversation_id, ConversationResync(conversation_id=conversation_id)
        )

    async def badge(self, user_id: str, update: ConversationUpdated) -> None:
        """A conversation in a person's list has news."""
        await self._bus.publish(user_room(user_id), frames.event("conversation.updated", update))

    async def _to_conversation(
        self, name: str, conversation_id: str, payload: Any, *, rev: int | None = None, skip_user: str | None = None
    ) -> None:
        frame = frames.event(name, payload, rev=rev, skip_user=skip_user)
        await self._bus.publish(conversation_room(conversation_id), frame)
