"""What a person may see of a conversation: the Structs that go over the wire and into live events.

Times are RFC 3339 UTC strings with milliseconds. `seq` counts messages 1, 2, 3 … and `rev` counts logged changes,
both without holes within one conversation.
"""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

Kind = Literal["order", "direct", "support", "announcement", "live"]
LIVE_KINDS = ("announcement", "live")
"""Rooms for thousands: the members are the hosts, anybody may follow them, and nobody else has a row of their own."""
MemberRole = Literal["fan", "creator", "host", "support", "moderator", "admin", "observer"]
MessageKind = Literal["text", "image", "voice", "ppv", "system"]
BodyState = Literal["clear", "redacted", "held", "blocked", "deleted"]
ChangeType = Literal["message.new", "message.updated", "message.deleted", "conversation.updated"]
ConversationStatus = Literal["open", "closed"]


class Message(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One message in its current state. `rev` is the change that last touched it."""

    id: str
    conversation_id: str
    order_id: str | UnsetType = UNSET
    seq: int
    rev: int
    client_message_id: str
    sender_id: str
    sender_name: str | UnsetType = UNSET
    """Only in live rooms, where who writes is in no list of members."""
    kind: MessageKind
    body: str
    body_state: BodyState
    attachments: list[dict[str, Any]] = field(default_factory=list)
    reply_to_seq: int | UnsetType = UNSET
    reactions: dict[str, list[str]] = field(default_factory=dict)
    """Emoji -> ids of the users who chose it, in the order in which they did."""
    created_at: str
    edited_at: str | UnsetType = UNSET
    deleted_at: str | UnsetType = UNSET


class Head(Struct, frozen=True):
    """Where a conversation stands: the last message's number and the last change's number (0 when none)."""

    seq: int
    rev: int


class Member(Struct, frozen=True, kw_only=True):
    """A person in a conversation, with the watermarks up to which messages reached and were read by them."""

    user_id: str
    role: MemberRole
    display_name: str
    delivered_seq: int
    read_seq: int


class ConversationState(Struct, frozen=True, kw_only=True):
    """The part of a conversation that is the same for everybody in it."""

    id: str
    kind: Kind
    state: ConversationStatus
    head: Head
    order_id: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    """Why nobody can write: `closed`, `expired`, `not_open_yet`, or the platform's own word."""
    opens_at: str | UnsetType = UNSET
    closes_at: str | UnsetType = UNSET
    slow_mode_seconds: int | UnsetType = UNSET
    """Only of live rooms: how long a viewer waits between two messages; 0 is not at all."""


class Conversation(ConversationState, frozen=True, kw_only=True):
    """A conversation as one of its members sees it."""

    members: list[Member]
    unread: int
    can_send: bool
    created_at: str
    updated_at: str
    last_message: Message | UnsetType = UNSET


class Change(Struct, frozen=True, kw_only=True):
    """One entry of a conversation's log. The message is rendered in its current state."""

    type: ChangeType
    conversation_id: str
    rev: int
    message: Message | UnsetType = UNSET
    conversation: ConversationState | UnsetType = UNSET


class Snapshot(Struct, frozen=True, kw_only=True):
    """All that is needed to show a conversation from nothing: its state and its last messages, oldest first."""

    conversation: Conversation
    members: list[Member]
    head: Head
    messages: list[Message]
    can_send: bool
    reason: str | UnsetType = UNSET


class SyncResult(Struct, frozen=True, kw_only=True):
    """What changed in one conversation after the asked `rev`; with `reset` the snapshot replaces all that was held."""

    conversation_id: str
    reset: bool
    changes: list[Change]
    head: Head
    more: bool
    snapshot: Snapshot | UnsetType = UNSET


class User(Struct, frozen=True, kw_only=True):
    """A person's profile, as the person and the platform see it."""

    id: str
    display_name: str
    roles: list[str]
    locale: str
    time_zone: str
    email: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    quiet_hours: dict[str, str] | UnsetType = UNSET
    created_at: str
    updated_at: str
