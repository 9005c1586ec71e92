"""Sending messages: one set-based transaction for all sends of a moment.

The statements of a group, whatever its size: lock the conversations, read the senders' memberships, look for sends
that are repeats, insert the messages, move the heads, insert the outbox rows, commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from msgspec import UNSET, Struct

from hub.chat import access, render
from hub.chat.standing import role_of
from hub.clock import rfc3339
from hub.errors import ConversationNotFound, HubError, MessageConflict, RequestInvalid, SlowMode
from hub.events import MessageChanged, MessageSent
from hub.ids import new_id
from hub.views import LIVE_KINDS, Message, MessageKind
from persistence import conversations, members, messages, turns, users
from persistence.groupcommit import GroupCommit
from persistence.members import Pair
from persistence.uow import Database, Tx


class SendMessage(Struct, frozen=True, kw_only=True):
    """A wish to send; (conversation, sender, client_message_id) names the message for ever."""

    conversation_id: str
    sender_id: str
    client_message_id: str
    body: str
    kind: MessageKind = "text"
    reply_to_seq: int | None = None

    def digest(self) -> bytes:
        """16 bytes that differ when the content differs: a repeat has the same, a conflict another."""
        content = f"{self.kind}\0{self.reply_to_seq}\0{self.body}"
        return blake2b(content.encode(), digest_size=16).digest()

    @property
    def key(self) -> messages.Key:
        """What makes a repeat of this send recognizable."""
        return (self.conversation_id, self.sender_id, self.client_message_id)


class Sent(Struct, frozen=True):
    """The stored message; `deduplicated` when it was stored before."""

    message: Message
    deduplicated: bool


@dataclass
class _Group:
    """The state of one transaction while its sends are numbered."""

    conversations: dict[str, Any]
    members: dict[Pair, Any]
    turns: dict[Pair, int]
    names: dict[str, str]
    """Of those who write in live rooms."""
    stored: dict[messages.Key, Any]
    now: int
    shown_now: str
    heads: dict[str, tuple[int, int]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    fresh: dict[messages.Key, tuple[bytes, Message]] = field(default_factory=dict)
    taken: dict[Pair, int] = field(default_factory=dict)
    """Turns in rooms with slow mode: who took theirs in this transaction."""


class Sender:
    """Stores messages and takes their numbers."""

    def __init__(self, database: Database) -> None:
        self._group: GroupCommit[SendMessage, Sent] = GroupCommit(database, _send_all)

    async def send(self, wish: SendMessage) -> Sent:
        """The stored message, after its commit.

        Raises ConversationNotFound, ConversationClosed, SlowMode, MessageConflict, RequestInvalid (a reply to nothing).
        """
        return await self._group.submit(wish)

    async def stop(self) -> None:
        """Commits and answers what was submitted, refuses the rest."""
        await self._group.stop()


async def _send_all(tx: Tx, wishes: Sequence[SendMessage]) -> list[Sent | HubError]:
    locked = await conversations.lock(tx.connection, {wish.conversation_id for wish in wishes})
    pairs = {(wish.conversation_id, wish.sender_id) for wish in wishes}
    slow = {pair for pair in pairs if pair[0] in locked and locked[pair[0]].slow_mode_seconds}
    live = {of for of, each in locked.items() if each.kind in LIVE_KINDS}
    group = _Group(
        conversations=locked,
        members=await members.of_pairs(tx.connection, pairs),
        turns=await turns.of_pairs(tx.connection, slow) if slow else {},
        names=await users.names(tx.connection, {who for of, who in pairs if of in live}) if live else {},
        stored=await messages.sent_before(tx.connection, [wish.key for wish in wishes]),
        now=tx.now,
        shown_now=rfc3339(tx.now),
    )
    answers = [_send_one(group, wish) for wish in wishes]
    if group.rows:
        await messages.add(tx.connection, group.rows)
        heads = [(of, seq, rev, tx.now) for of, (seq, rev) in group.heads.items()]
        await conversations.set_heads(tx.connection, heads)
        if group.taken:
            await turns.take(tx.connection, group.taken)
        _emit(tx, group)
    return answers


def _send_one(group: _Group, wish: SendMessage) -> Sent | HubError:
    conversation: Any = group.conversations.get(wish.conversation_id)
    pair = (wish.conversation_id, wish.sender_id)
    member = group.members.get(pair)
    try:
        role = role_of(conversation, member)
    except ConversationNotFound as unknown:
        return unknown
    repeat = _repeat(group, wish, conversation)
    if repeat is not None:
        return repeat
    refused = access.refusal(conversation, role, group.now) or _too_soon(group, wish, conversation, role)
    if refused is not None:
        return refused
    seq, rev = group.heads.get(conversation.id, (conversation.last_seq, conversation.last_rev))
    if wish.reply_to_seq is not None and wish.reply_to_seq > seq:
        return RequestInvalid({"field": "reply_to_seq", "reason": "there is no such message yet"})
    if conversation.slow_mode_seconds and role == access.VIEWER:
        group.turns[pair] = group.taken[pair] = group.now
    return _store(group, wish, conversation, seq + 1, rev + 1)


def _too_soon(group: _Group, wish: SendMessage, conversation: Any, role: str) -> SlowMode | None:
    """The refusal of a viewer whose last message in a room with slow mode is not long enough ago."""
    last = group.turns.get((wish.conversation_id, wish.sender_id))
    if last is None or role != access.VIEWER:
        return None
    wait_ms = last + conversation.slow_mode_seconds * 1000 - group.now
    return SlowMode({"seconds": conversation.slow_mode_seconds}, retry_after_ms=wait_ms) if wait_ms > 0 else None


def _repeat(group: _Group, wish: SendMessage, conversation: Any) -> Sent | HubError | None:
    """The answer to a send that was stored before, in an earlier transaction or earlier in this group."""
    row = group.stored.get(wish.key)
    if row is not None:
        names = group.names if conversation.kind in LIVE_KINDS else None
        digest, original = bytes(row.sent_digest), render.message(row, conversation.order_id, names)
    elif wish.key in group.fresh:
        digest, original = group.fresh[wish.key]
    else:
        return None
    if digest != wish.digest():
        return MessageConflict({"message_id": original.id, "seq": original.seq})
    return Sent(original, deduplicated=True)


def _store(group: _Group, wish: SendMessage, conversation: Any, seq: int, rev: int) -> Sent:
    group.heads[conversation.id] = (seq, rev)
    message = Message(
        id=new_id(),
        conversation_id=conversation.id,
        order_id=UNSET if conversation.order_id is None else conversation.order_id,
        seq=seq,
        rev=rev,
        client_message_id=wish.client_message_id,
        sender_id=wish.sender_id,
        sender_name=group.names.get(wish.sender_id, UNSET) if conversation.kind in LIVE_KINDS else UNSET,
        kind=wish.kind,
        body=wish.body,
        body_state="clear",
        reply_to_seq=UNSET if wish.reply_to_seq is None else wish.reply_to_seq,
        created_at=group.shown_now,
    )
    digest = wish.digest()
    group.fresh[wish.key] = (digest, message)
    group.rows.append(
        {
            "conversation_id": message.conversation_id,
            "seq": seq,
            "id": message.id,
            "created_rev": rev,
            "rev": rev,
            "sender_id": wish.sender_id,
            "client_message_id": wish.client_message_id,
            "sent_digest": digest,
            "kind": wish.kind,
            "body": wish.body,
            "body_state": "clear",
            "reply_to_seq": wish.reply_to_seq,
            "reactions": {},
            "created_at": group.now,
        }
    )
    return Sent(message, deduplicated=False)


def _emit(tx: Tx, group: _Group) -> None:
    for _, message in group.fresh.values():
        tx.emit(MessageChanged("message.new", message.rev, message))
        if group.conversations[message.conversation_id].kind not in LIVE_KINDS:  # no e-mail tells of a live room
            tx.emit(MessageSent(message.conversation_id, message.seq, message.sender_id, tx.now))
