"""Every domain event: what has happened, as frozen Structs that refuse unknown fields.

Events with a DURABLE reaction (see `reactions.py`) are stored in the outbox, so they carry ids, never message bodies.
"""

from abc import abstractmethod
from typing import Any

from msgspec import Struct

from hub.views import ChangeType, ConversationState, Message


class Event(Struct, frozen=True, forbid_unknown_fields=True, tag_field="event"):
    """The root of all events."""

    @abstractmethod
    def about(self) -> str:
        """The id of the conversation that it concerns; empty when there is none."""


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


class EventPublished(Event, frozen=True, kw_only=True, tag="event.published"):
    """Something that people are to be told of; the rule of its `type` says how (see `hub/notifications/rules.py`)."""

    event_id: str
    type: str
    recipients: dict[str, str]
    """User id -> the id that this person's notification will have."""
    data: dict[str, Any] = {}
    at: int
    """When it happened; all times are ms since the epoch."""
    not_before: int | None = None
    expires_at: int | None = None
    priority: int | None = None
    conversation_id: str | None = None
    seq: int | None = None
    """The message that it is about: reading up to it cancels what still waits."""

    def about(self) -> str:
        """See Event."""
        return self.conversation_id or ""


class InboxChanged(Event, frozen=True, tag="inbox.changed"):
    """A person's notifications changed; `notification_id` names a new one, `changed_id` one that is otherwise now."""

    user_id: str
    notification_id: str | None = None
    changed_id: str | None = None

    def about(self) -> str:
        """See Event."""
        return ""


Stored = MessageSent | EventPublished
"""The events that the outbox may hold."""
