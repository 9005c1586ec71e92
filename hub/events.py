"""Every domain event: what has happened, as frozen Structs that refuse unknown fields.

Events with a DURABLE reaction (see `reactions.py`) are stored in the outbox, so they carry ids, never message bodies.
"""

from abc import abstractmethod

from msgspec import Struct

from hub.views import ChangeType, ConversationState, Message


class Event(Struct, frozen=True, forbid_unknown_fields=True, tag_field="event"):
    """The root of all events."""

    @abstractmethod
    def about(self) -> str:
        """The id of the conversation that it concerns."""


class MessageSent(Event, frozen=True, tag="message.sent"):
    """A message is stored. `at` is its time in ms since the epoch."""

    conversation_id: str
    seq: int
    sender_id: str
    at: int

    def about(self) -> str:
        """See Event."""
        return self.conversation_id


class MessageChanged(Event, frozen=True, tag="message.changed"):
    """An entry of the conversation's log that concerns one message, with the message as it is now."""

    type: ChangeType
    rev: int
    message: Message

    def about(self) -> str:
        """See Event."""
        return self.message.conversation_id


class ConversationChanged(Event, frozen=True, tag="conversation.changed"):
    """An entry of the conversation's log that concerns the conversation itself (opened, closed, renamed)."""

    rev: int
    conversation: ConversationState

    def about(self) -> str:
        """See Event."""
        return self.conversation.id


class ConversationCreated(Event, frozen=True, tag="conversation.created"):
    """A conversation now exists for these members."""

    conversation_id: str
    member_ids: list[str]

    def about(self) -> str:
        """See Event."""
        return self.conversation_id


class ReceiptMoved(Event, frozen=True, tag="receipt.moved"):
    """A member's watermarks rose. `read_moved` says that the read one did; `unread` is the member's count after it."""

    conversation_id: str
    user_id: str
    delivered_seq: int
    read_seq: int
    unread: int
    read_moved: bool
    live: bool = False
    """In a live room, where nobody but the member is told."""

    def about(self) -> str:
        """See Event."""
        return self.conversation_id


Stored = MessageSent
"""The events that the outbox may hold; a union once there are several."""
