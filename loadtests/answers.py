"""The parts of the hub's events and acks that a virtual user looks at; everything else is passed over unread."""

import msgspec
from msgspec import Struct


class Message(Struct, frozen=True):
    """Of a message."""

    conversation_id: str
    seq: int
    rev: int
    client_message_id: str
    sender_id: str


class NewMessage(Struct, frozen=True):
    """`message.new`, and other logged changes of one message."""

    conversation_id: str
    rev: int
    message: Message


class Receipt(Struct, frozen=True):
    """`receipt.updated`, and a member in a list."""

    user_id: str
    delivered_seq: int
    read_seq: int
    conversation_id: str = ""


class Badge(Struct, frozen=True):
    """`conversation.updated`: with `unread`, news of a list; without, a logged change of the conversation."""

    conversation_id: str
    rev: int
    unread: int | None = None


class Concerned(Struct, frozen=True):
    """`conversation.resync`; without an id everything is meant."""

    conversation_id: str = ""


class Unread(Struct, frozen=True):
    """Of `session.ready`."""

    conversations: dict[str, int] = {}


class Ready(Struct, frozen=True):
    """`session.ready`."""

    unread: Unread


class Closing(Struct, frozen=True):
    """`session.closing`."""

    reason: str = ""


class Draining(Struct, frozen=True):
    """`session.draining`."""

    reconnect_in_ms: int = 0


class Error(Struct, frozen=True):
    """Why a request was refused."""

    code: str
    retryable: bool = False
    retry_after_ms: int | None = None


class Refusal(Struct, frozen=True):
    """A refused CONNECT."""

    message: str
    data: Error | None = None


class Failed(Struct, frozen=True):
    """An ack of which only the success matters."""

    success: bool
    error: Error | None = None


class Sent(Struct, frozen=True):
    """Of `message.send`."""

    message: Message
    deduplicated: bool = False


class SendAck(Failed, frozen=True):
    """Of `message.send` and `live.send`."""

    data: Sent | None = None


class Marked(Struct, frozen=True):
    """Of `message.read`."""

    delivered_seq: int
    read_seq: int
    unread: int


class ReadAck(Failed, frozen=True):
    """Of `message.read`."""

    data: Marked | None = None


class Head(Struct, frozen=True):
    """Where a conversation stands."""

    seq: int = 0
    rev: int = 0


class Listed(Struct, frozen=True):
    """A conversation in a list."""

    id: str
    unread: int
    head: Head
    members: list[Receipt]


class Opened(Struct, frozen=True):
    """Of `conversation.open`, and a snapshot of a reset."""

    head: Head
    conversation: Listed
    messages: list[Message]


class OpenAck(Failed, frozen=True):
    """Of `conversation.open`."""

    data: Opened | None = None


class Joined(Struct, frozen=True):
    """Of `live.join`."""

    head: Head = Head()


class JoinAck(Failed, frozen=True):
    """Of `live.join`."""

    data: Joined | None = None


class Page(Struct, frozen=True):
    """Of `conversation.list`."""

    conversations: list[Listed]
    next: str | None = None


class ListAck(Failed, frozen=True):
    """Of `conversation.list`."""

    data: Page | None = None


class Messages(Struct, frozen=True):
    """Of `conversation.history`."""

    messages: list[Message]


class HistoryAck(Failed, frozen=True):
    """Of `conversation.history`."""

    data: Messages | None = None


class Change(Struct, frozen=True):
    """An entry of a conversation's log."""

    type: str
    rev: int
    message: Message | None = None


class Result(Struct, frozen=True):
    """Of `conversation.sync`, for one conversation."""

    reset: bool
    changes: list[Change]
    head: Head
    more: bool
    snapshot: Opened | None = None


class Results(Struct, frozen=True):
    """Of `conversation.sync`."""

    results: list[Result]


class SyncAck(Failed, frozen=True):
    """Of `conversation.sync`."""

    data: Results | None = None


new_message = msgspec.json.Decoder(tuple[str, NewMessage]).decode
receipt = msgspec.json.Decoder(tuple[str, Receipt]).decode
badge = msgspec.json.Decoder(tuple[str, Badge]).decode
concerned = msgspec.json.Decoder(tuple[str, Concerned]).decode
ready = msgspec.json.Decoder(tuple[str, Ready]).decode
closing = msgspec.json.Decoder(tuple[str, Closing]).decode
draining = msgspec.json.Decoder(tuple[str, Draining]).decode
refusal = msgspec.json.Decoder(Refusal).decode
send_ack = msgspec.json.Decoder(tuple[SendAck]).decode
read_ack = msgspec.json.Decoder(tuple[ReadAck]).decode
open_ack = msgspec.json.Decoder(tuple[OpenAck]).decode
join_ack = msgspec.json.Decoder(tuple[JoinAck]).decode
list_ack = msgspec.json.Decoder(tuple[ListAck]).decode
history_ack = msgspec.json.Decoder(tuple[HistoryAck]).decode
sync_ack = msgspec.json.Decoder(tuple[SyncAck]).decode
