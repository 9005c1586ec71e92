"""The Socket.IO events: each decodes to a Struct, calls one service, and answers with one."""

from msgspec import UNSET, Struct

from hub.chat.receipts import MoveReceipt, Receipt
from hub.chat.sender import SendMessage, Sent
from hub.clock import rfc3339
from hub.errors import (
    AccessDenied,
    AuthExpired,
    AuthInvalid,
    AuthRevoked,
    ConversationClosed,
    ConversationNotFound,
    Draining,
    MessageConflict,
    MessageFixed,
    MessageNotFound,
    RequestTooLarge,
    SlowMode,
)
from hub.gateway import live, notification_events, wire
from hub.gateway.envelope import check_text
from hub.gateway.opening import enter, leave
from hub.gateway.paging import from_cursor, to_cursor
from hub.gateway.ratelimit import SENDS
from hub.gateway.rooms import presence_room
from hub.gateway.services import Services
from hub.gateway.session import Session
from hub.gateway.table import HANDLERS, Handler, on
from hub.views import Snapshot, SyncResult

__all__ = ["HANDLERS", "Handler", "SyncResults"]

SUBJECTS = (live, notification_events)
"""The other files whose events are answered; naming them here is what registers them."""

CHANGING = (ConversationNotFound, ConversationClosed, MessageNotFound, MessageFixed, AccessDenied)
"""Why an existing message may not be changed."""


class SyncResults(Struct, frozen=True):
    """A result for each cursor."""

    results: list[SyncResult]


@on("time.get", wire.Empty, wire.TimeNow)
async def time_get(hub: Services, _session: Session, _request: wire.Empty) -> wire.TimeNow:
    """The server's clock."""
    return wire.TimeNow(rfc3339(hub.clock.now()))


@on("session.refresh", wire.SessionRefresh, wire.Empty, AuthInvalid, AuthExpired, AuthRevoked)
async def session_refresh(hub: Services, session: Session, request: wire.SessionRefresh) -> wire.Empty:
    """Extends the session by a new token of the same person."""
    identity = await hub.authenticator.identify(request.token)
    if identity.user_id != session.user_id:
        raise AuthInvalid({"reason": "the token is another person's"})
    await hub.users.check_not_revoked(identity.user_id, identity.issued_ms)
    session.renew(identity)
    return wire.Empty()


@on("conversation.list", wire.ConversationList, wire.ConversationsPage)
async def conversation_list(hub: Services, session: Session, request: wire.ConversationList) -> wire.ConversationsPage:
    """The caller's conversations, newest activity first."""
    views, following = await hub.conversations.list_of(
        session.user_id, limit=request.limit, before=from_cursor(request.cursor), state=request.state
    )
    return wire.ConversationsPage(conversations=views, next=UNSET if following is None else to_cursor(following))


@on("conversation.open", wire.InConversation, Snapshot, ConversationNotFound)
async def conversation_open(hub: Services, session: Session, request: wire.InConversation) -> Snapshot:
    """The conversation with its last messages; from now on the socket gets its live events."""
    of = request.conversation_id
    return await enter(hub, session, of, lambda: hub.sync.snapshot(session.user_id, of))


@on("conversation.leave", wire.InConversation, wire.Empty, ack_needed=False)
async def conversation_leave(hub: Services, session: Session, request: wire.InConversation) -> wire.Empty:
    """The socket gets no more live events of the conversation."""
    await leave(hub, session, request.conversation_id)
    return wire.Empty()


@on("conversation.history", wire.ConversationHistory, wire.MessagesPage, ConversationNotFound)
async def conversation_history(hub: Services, session: Session, request: wire.ConversationHistory) -> wire.MessagesPage:
    """A page of older messages."""
    page, more = await hub.changes.history(
        session.user_id, request.conversation_id, before_seq=request.before_seq, limit=request.limit
    )
    return wire.MessagesPage(page, more)


@on("conversation.sync", wire.ConversationSync, SyncResults, ConversationNotFound)
async def conversation_sync(hub: Services, session: Session, request: wire.ConversationSync) -> SyncResults:
    """What changed after each cursor, or a declared reset."""
    cursors = [(each.conversation_id, each.rev) for each in request.cursors]
    return SyncResults(await hub.sync.all_changes(session.user_id, cursors))


@on(
    "message.send",
    wire.MessageSend,
    Sent,
    ConversationNotFound,
    ConversationClosed,
    SlowMode,
    MessageConflict,
    RequestTooLarge,
    Draining,
    rule=SENDS,
)
async def message_send(hub: Services, session: Session, request: wire.MessageSend) -> Sent:
    """Stores a message; the ack means that it is committed."""
    wish = SendMessage(
        conversation_id=request.conversation_id,
        sender_id=session.user_id,
        client_message_id=request.client_message_id,
        body=check_text("body", request.body),
        kind=request.kind,
        reply_to_seq=request.reply_to_seq,
    )
    sent = await hub.sender.send(wish)
    await hub.typing.stop(wish.conversation_id, session.user_id)
    return sent


@on("message.edit", wire.MessageEdit, wire.MessageAck, *CHANGING, RequestTooLarge)
async def message_edit(hub: Services, session: Session, request: wire.MessageEdit) -> wire.MessageAck:
    """Replaces the text of the caller's message."""
    body = check_text("body", request.body)
    return wire.MessageAck(await hub.changes.edit(session.user_id, request.conversation_id, request.seq, body))


@on("message.delete", wire.MessageDelete, wire.MessageAck, ConversationNotFound, MessageNotFound, AccessDenied)
async def message_delete(hub: Services, session: Session, request: wire.MessageDelete) -> wire.MessageAck:
    """Removes a message's content."""
    message = await hub.changes.delete(session.user_id, session.identity.roles, request.conversation_id, request.seq)
    return wire.MessageAck(message)


@on("message.react", wire.MessageReact, wire.MessageAck, *CHANGING)
async def message_react(hub: Services, session: Session, request: wire.MessageReact) -> wire.MessageAck:
    """Adds or removes a reaction."""
    emoji = check_text("emoji", request.emoji)
    message = await hub.changes.react(
        session.user_id, request.conversation_id, request.seq, emoji, add=request.action == "add"
    )
    return wire.MessageAck(message)


@on("message.delivered", wire.MessageSeen, Receipt, ConversationNotFound, ack_needed=False)
async def message_delivered(hub: Services, session: Session, request: wire.MessageSeen) -> Receipt:
    """Everything up to `seq` has reached this person."""
    return await hub.receipts.move(MoveReceipt(request.conversation_id, session.user_id, request.seq, "delivered"))


@on("message.read", wire.MessageSeen, Receipt, ConversationNotFound, ack_needed=False)
async def message_read(hub: Services, session: Session, request: wire.MessageSeen) -> Receipt:
    """Everything up to `seq` was read by this person."""
    return await hub.receipts.move(MoveReceipt(request.conversation_id, session.user_id, request.seq, "read"))


@on(
    "typing.start",
    wire.InConversation,
    wire.Empty,
    ConversationNotFound,
    ConversationClosed,
    AccessDenied,
    ack_needed=False,
)
async def typing_start(hub: Services, session: Session, request: wire.InConversation) -> wire.Empty:
    """The caller types in a conversation that this socket has open."""
    types = session.opened.get(request.conversation_id)
    if types is None:
        raise ConversationNotFound({"reason": "open the conversation first"})
    if not types:
        raise AccessDenied({"reason": "observers do not write, and live rooms show nobody's typing"})
    if hub.typing.is_due(request.conversation_id, session.user_id):
        await hub.conversations.check_open(request.conversation_id)
    await hub.typing.start(request.conversation_id, session.user_id)
    return wire.Empty()


@on("typing.stop", wire.InConversation, wire.Empty, ConversationNotFound, ack_needed=False)
async def typing_stop(hub: Services, session: Session, request: wire.InConversation) -> wire.Empty:
    """The caller stopped to type."""
    if request.conversation_id not in session.opened:
        raise ConversationNotFound({"reason": "open the conversation first"})
    await hub.typing.stop(request.conversation_id, session.user_id)
    return wire.Empty()


@on("presence.subscribe", wire.UserIds, wire.PresenceList)
async def presence_subscribe(hub: Services, session: Session, request: wire.UserIds) -> wire.PresenceList:
    """How people appear, now and from now on; strangers look as if they were never here."""
    acquainted = await hub.users.acquainted(session.user_id, request.user_ids) | {session.user_id}
    for user_id in acquainted.intersection(request.user_ids):
        hub.fanout.join(session, presence_room(user_id))
    known = {state.user_id: state for state in await hub.presence.states(acquainted)}
    return wire.PresenceList([known.get(each) or _stranger(each) for each in request.user_ids])


def _stranger(user_id: str) -> wire.PresenceState:
    return wire.PresenceState(user_id=user_id, status="offline", last_seen=None)


@on("presence.unsubscribe", wire.UserIds, wire.Empty, ack_needed=False)
async def presence_unsubscribe(hub: Services, session: Session, request: wire.UserIds) -> wire.Empty:
    """No more news of these people's presence."""
    for user_id in request.user_ids:
        hub.fanout.leave(session, presence_room(user_id))
    return wire.Empty()


@on("presence.set", wire.PresenceSet, wire.Empty, ack_needed=False)
async def presence_set(hub: Services, session: Session, request: wire.PresenceSet) -> wire.Empty:
    """How the caller appears to others."""
    await hub.presence.choose(session.user_id, request.status)
    return wire.Empty()


@on("focus.set", wire.FocusSet, wire.Empty, ack_needed=False)
async def focus_set(hub: Services, session: Session, request: wire.FocusSet) -> wire.Empty:
    """The conversation that this device shows now; who looks at it gets no e-mail about it."""
    session.focus = request.conversation_id
    hub.attention.changed(session.user_id)
    return wire.Empty()
