"""Every payload of the Socket.IO events and HTTP bodies. OpenAPI and AsyncAPI are generated from these Structs.

Requests refuse unknown fields, so that a misspelt field is an error and not a silent default.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from hub.chat.conversations import NewMember
from hub.chat.exports import ExportedDevice, ExportedNotification, ExportedPreference
from hub.gateway.fields import (
    LINE,
    NAME,
    Body,
    ClientMessageId,
    ClockTime,
    ConversationId,
    Emoji,
    Limit,
    Locale,
    Reason,
    Rev,
    Role,
    Seq,
    SlowModeSeconds,
    Title,
    UserId,
)
from hub.views import (
    Conversation,
    ConversationState,
    Kind,
    Message,
    Snapshot,
    User,
)


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The root of all that clients send."""


class Empty(Request, frozen=True):
    """No fields."""


# --- Socket.IO: client -> server ------------------------------------------------------------------------------------


class Connect(Request, frozen=True, forbid_unknown_fields=False):
    """The `auth` of the Socket.IO CONNECT packet."""

    token: str
    device_id: Annotated[str, Meta(max_length=128)] | None = None
    resume: Annotated[dict[ConversationId, Rev], Meta(max_length=200)] = {}
    """Conversation id -> the last `rev` that the client holds."""


class SessionRefresh(Request, frozen=True):
    """A new token for the running session."""

    token: str


class ConversationList(Request, frozen=True):
    """A page of the caller's conversations, newest activity first."""

    cursor: str | None = None
    limit: Limit = 30
    state: Literal["open", "closed"] | None = None


class InConversation(Request, frozen=True):
    """Something about one conversation."""

    conversation_id: ConversationId


class ConversationHistory(InConversation, frozen=True):
    """A page of messages before `before_seq`, or the last ones."""

    before_seq: Seq | None = None
    limit: Limit = 50


class Cursor(Request, frozen=True):
    """How far the client holds a conversation's log."""

    conversation_id: ConversationId
    rev: Rev


class ConversationSync(Request, frozen=True):
    """What changed after each cursor; a conversation is named once."""

    cursors: Annotated[list[Cursor], Meta(min_length=1, max_length=50)]


class MessageSend(InConversation, frozen=True):
    """Sends a message; repeating it with the same id gives the stored one back."""

    client_message_id: ClientMessageId
    body: Body
    kind: Literal["text"] = "text"
    reply_to_seq: Seq | None = None
    attachments: Annotated[list[str], Meta(max_length=0)] = []


class MessageEdit(InConversation, frozen=True):
    """Replaces the text of the caller's own message."""

    seq: Seq
    body: Body


class MessageDelete(InConversation, frozen=True):
    """Removes a message's content; its number stays."""

    seq: Seq


class MessageReact(InConversation, frozen=True):
    """Adds or removes the caller's reaction."""

    seq: Seq
    emoji: Emoji
    action: Literal["add", "remove"] = "add"


class MessageSeen(InConversation, frozen=True):
    """Everything up to `seq` was delivered, or read."""

    seq: Seq


class LiveJoin(InConversation, frozen=True):
    """Follows a live room."""

    limit: Limit = 50
    """How many of the last messages are wanted."""


class LiveSend(InConversation, frozen=True):
    """Writes in a live room; repeating it with the same id gives the stored message back."""

    client_message_id: ClientMessageId
    body: Body
    reply_to_seq: Seq | None = None


class UserIds(Request, frozen=True):
    """Whose presence is wanted."""

    user_ids: Annotated[list[UserId], Meta(min_length=1, max_length=200)]


class PresenceSet(Request, frozen=True):
    """How the caller wants to appear."""

    status: Literal["online", "away", "busy", "invisible"]


class FocusSet(Request, frozen=True):
    """The conversation that this device shows now, or null."""

    conversation_id: ConversationId | None


# --- Socket.IO: acks ------------------------------------------------------------------------------------------------


class TimeNow(Struct, frozen=True):
    """The server's clock."""

    server_time: str


class ConversationsPage(Struct, frozen=True, kw_only=True):
    """Conversations, and the cursor of the next page when there is one."""

    conversations: list[Conversation]
    next: str | UnsetType = UNSET


class MessagesPage(Struct, frozen=True):
    """Messages, oldest first; `more` says that older ones exist."""

    messages: list[Message]
    more: bool


class MessageAck(Struct, frozen=True):
    """The message as it is now."""

    message: Message


class LiveRoom(Snapshot, frozen=True, kw_only=True):
    """A live room with its last messages; `members` are its hosts."""

    viewers: int
    slow_mode_seconds: int


class PresenceState(Struct, frozen=True, kw_only=True):
    """How a person appears. `last_seen` is null for who is online or unknown to the caller."""

    user_id: str
    status: Literal["online", "away", "busy", "offline"]
    last_seen: str | None


class PresenceList(Struct, frozen=True):
    """The people asked for."""

    users: list[PresenceState]


class Limits(Struct, frozen=True):
    """What a client should keep to."""

    body_bytes: int
    frame_bytes: int
    requests_per_second: int
    sends_per_second: int


class UnreadTotals(Struct, frozen=True):
    """The server's own counts."""

    total: int
    conversations: dict[str, int]
    notifications: int


# --- Socket.IO: server -> client ------------------------------------------------------------------------------------


class SessionUser(Struct, frozen=True):
    """Who the session belongs to."""

    id: str
    display_name: str
    locale: str
    roles: list[str]


class SessionReady(Struct, frozen=True):
    """The first event of every session."""

    user: SessionUser
    server_time: str
    session_id: str
    limits: Limits
    unread: UnreadTotals


class SessionExpired(Struct, frozen=True):
    """The token ran out; the session closes. Connect again with a new one."""


class SessionDraining(Struct, frozen=True):
    """The server is about to stop; connect again after the delay."""

    reconnect_in_ms: int


class SessionClosing(Struct, frozen=True):
    """The server is about to close this session, and whether connecting again makes sense."""

    reason: str
    """To come back after: draining, slow_consumer, bus_lost, disconnected, protocol_error, internal_error; to stay away
    after: token_expired, banned, replaced."""
    reconnect: bool


class MessageEvent(Struct, frozen=True):
    """A logged change of one message."""

    conversation_id: str
    rev: int
    message: Message


class ReceiptUpdated(Struct, frozen=True):
    """A member's watermarks rose."""

    conversation_id: str
    user_id: str
    delivered_seq: int
    read_seq: int


class TypingEvent(Struct, frozen=True):
    """Somebody began or stopped to type."""

    conversation_id: str
    user_id: str
    state: Literal["start", "stop"]


class ConversationUpdated(Struct, frozen=True, kw_only=True):
    """With `conversation`, a logged change of it; with `unread`, news for a list that does not show it."""

    conversation_id: str
    rev: int
    conversation: ConversationState | UnsetType = UNSET
    unread: int | UnsetType = UNSET
    last_message: Message | UnsetType = UNSET


class ConversationResync(Struct, frozen=True):
    """Events may be missing: ask `conversation.sync`; without an id, for everything that is open."""

    conversation_id: str | UnsetType = UNSET


class ConversationLeft(Struct, frozen=True):
    """The socket gets no more live events of the conversation, by an operator's decision; it stays connected."""

    conversation_id: str
    reason: str


class LiveViewers(Struct, frozen=True):
    """How many sockets follow a live room now, hosts included."""

    conversation_id: str
    viewers: int


# --- HTTP bodies ----------------------------------------------------------------------------------------------------


class QuietHours(Request, frozen=True):
    """When not to be disturbed, in the person's time zone; may pass midnight."""

    start: ClockTime
    end: ClockTime


class PutUser(Request, frozen=True):
    """A profile; what is left out is cleared."""

    display_name: Annotated[str, Meta(min_length=1, max_length=200, pattern=NAME)]
    roles: Annotated[list[Role], Meta(max_length=6)] = []
    email: (
        Annotated[str, Meta(max_length=320, pattern=r"^[^@\s<>\x00-\x1f\x7f]+@[^@\s<>\x00-\x1f\x7f]+$(?!\n)")] | None
    ) = None
    phone: Annotated[str, Meta(max_length=32)] | None = None
    locale: Locale = "en"
    time_zone: Annotated[str, Meta(max_length=64)] = "UTC"
    quiet_hours: QuietHours | None = None


class PostConversation(Request, frozen=True):
    """A new conversation and who takes part."""

    kind: Kind
    members: Annotated[list[NewMember], Meta(min_length=1, max_length=50)]
    order_id: Annotated[str, Meta(min_length=1, max_length=128, pattern=LINE)] | None = None
    title: Title | None = None
    opens_at: str | None = None
    closes_at: str | None = None
    slow_mode_seconds: SlowModeSeconds = 0
    """Only of kind `live`."""


class PutMessage(Request, frozen=True):
    """A message, named by its client_message_id in the path."""

    body: Body
    kind: Literal["text"] = "text"
    reply_to_seq: Seq | None = None


class PostRead(Request, frozen=True):
    """Everything up to `seq` was read."""

    seq: Seq


class PostClose(Request, frozen=True):
    """Closes a conversation for writing."""

    reason: Reason = "closed"


class PostEvict(Request, frozen=True):
    """Takes everybody out of a conversation's live events."""

    reason: Reason = "evicted"


class PostSlowMode(Request, frozen=True):
    """How long a viewer of a live room waits between two messages."""

    seconds: SlowModeSeconds


class DeleteSessions(Request, frozen=True):
    """Why a person's sessions end: the person is not welcome any more, or is signed in anew elsewhere."""

    reason: Literal["banned", "replaced"] = "banned"


class PostOpen(Request, frozen=True):
    """Opens a conversation for writing, for ever or until `closes_at`."""

    closes_at: str | None = None


class ConversationData(Struct, frozen=True):
    """One conversation."""

    conversation: Conversation


class UserData(Struct, frozen=True):
    """One profile."""

    user: User


class Export(Struct, frozen=True):
    """All that the hub holds about a person."""

    user: User
    conversation_ids: list[str]
    messages: list[Message]
    notifications: list[ExportedNotification]
    preferences: list[ExportedPreference]
    devices: list[ExportedDevice]


class CapturedDelivery(Struct, frozen=True, kw_only=True):
    """What a sandbox sender was given.

    `details` hold, of a push, {title, body, url, topic, urgency, ttl_seconds}; of an SMS, {encoding, characters,
    segments, cost_micros}; of WhatsApp outside the 24 h window, {template, language, parameters}.
    """

    channel: str
    to: str
    text: str
    notification_id: str
    delivery_id: str
    user_id: str
    at: str
    details: dict[str, Any]
    subject: str | UnsetType = UNSET
    html: str | UnsetType = UNSET


class Deliveries(Struct, frozen=True):
    """What the sandbox senders captured, newest first."""

    deliveries: list[CapturedDelivery]


class Persona(Struct, frozen=True):
    """Someone of the demo, with a token to sign in as them."""

    user_id: str
    display_name: str
    role: str
    locale: str
    token: str


class Personas(Struct, frozen=True):
    """The people of the demo."""

    personas: list[Persona]


class Revoked(Struct, frozen=True):
    """Tokens issued before this moment are refused from now on."""

    revoked_at: str


class Disconnected(Struct, frozen=True):
    """The person's sockets are being closed; they may come back."""

    disconnected: bool


class Evicted(Struct, frozen=True):
    """Everybody is being taken out of the live events."""

    evicted: bool


class Deleted(Struct, frozen=True):
    """It is gone."""

    deleted: bool
