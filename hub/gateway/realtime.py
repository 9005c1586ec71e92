"""The live road: the only place that names rooms and emits. Each event is encoded once and given to the bus."""

from typing import Any

from hub.events import ConversationChanged, ConversationCreated, MessageChanged, ReceiptMoved
from hub.gateway import frames
from hub.gateway.badges import Badges
from hub.gateway.bus import Bus, Resync
from hub.gateway.fanout import Fanout
from hub.gateway.frames import Priority
from hub.gateway.rooms import conversation_room, presence_room, user_room
from hub.gateway.wire import (
    ConversationUpdated,
    MessageEvent,
    PresenceState,
    ReceiptUpdated,
    TypingEvent,
)

MONEY = frozenset({"ppv.unlocked", "ppv.locked", "order.updated", "payment.updated"})
"""Events that go first when a socket is slow."""


class Realtime:
    """Tells open sockets what has happened."""

    def __init__(self, bus: Bus, badges: Badges, fanout: Fanout) -> None:
        self._bus = bus
        self._fanout = fanout
        self._badges = badges
        badges.emit = self.badge

    async def message_changed(self, event: MessageChanged) -> None:
        """LIVE: a message is new, changed or gone."""
        message = event.message
        payload = MessageEvent(message.conversation_id, event.rev, message)
        self._log_entry(event.type, message.conversation_id, payload, event.rev)
        author = message.sender_id if event.type == "message.new" else None
        self._badges.touch_members(message.conversation_id, but=author)

    async def conversation_changed(self, event: ConversationChanged) -> None:
        """LIVE: a conversation opened or closed."""
        changed = event.conversation
        payload = ConversationUpdated(conversation_id=changed.id, rev=event.rev, conversation=changed)
        self._log_entry("conversation.updated", changed.id, payload, event.rev)
        self._badges.touch_members(changed.id)

    async def conversation_created(self, event: ConversationCreated) -> None:
        """LIVE: there is a new conversation in the members' lists."""
        for user_id in event.member_ids:
            self._badges.touch(event.conversation_id, user_id)

    async def receipt_moved(self, event: ReceiptMoved) -> None:
        """LIVE: a member received or read more."""
        if not event.live:  # a room of thousands is not told how far its hosts have read
            payload = ReceiptUpdated(event.conversation_id, event.user_id, event.delivered_seq, event.read_seq)
            key = f"{event.conversation_id} {event.user_id}"
            frame = frames.event("receipt.updated", payload, priority=Priority.RECEIPT, key=key)
            self._bus.publish(conversation_room(event.conversation_id), frame)
        if event.read_moved:
            self._badges.touch(event.conversation_id, event.user_id)

    async def typing(self, event: TypingEvent) -> None:
        """Somebody types, or stopped; not told to the person's own sockets."""
        key = f"{event.conversation_id} {event.user_id}"
        frame = frames.event("typing", event, skip_user=event.user_id, priority=Priority.TYPING, key=key)
        self._bus.publish(conversation_room(event.conversation_id), frame)

    async def presence(self, state: PresenceState) -> None:
        """Somebody appears otherwise than before."""
        frame = frames.event("presence", state, priority=Priority.PRESENCE, key=state.user_id)
        self._bus.publish(presence_room(state.user_id), frame)

    async def resync(self, conversation_id: str) -> None:
        """Something may have changed that nobody was told of: whoever has the conversation open asks."""
        self._bus.command(conversation_room(conversation_id), Resync(conversation_id))

    def badge(self, user_id: str, update: ConversationUpdated) -> None:
        """A conversation in a person's list has news; each node asks for its own people, so it tells only them."""
        key = f"badge {update.conversation_id}"
        frame = frames.event("conversation.updated", update, priority=Priority.RECEIPT, key=key)
        self._fanout.deliver(user_room(user_id), frame)

    def _log_entry(self, name: str, conversation_id: str, payload: Any, rev: int) -> None:
        priority = Priority.MONEY if name in MONEY else Priority.MESSAGE
        frame = frames.event(name, payload, rev=rev, priority=priority, key=conversation_id)
        self._bus.publish(conversation_room(conversation_id), frame)
