"""The Socket.IO events of live rooms: announcements and event chats that anybody may follow."""

import msgspec

from hub.chat.sender import SendMessage, Sent
from hub.errors import (
    ConversationClosed,
    ConversationNotFound,
    Draining,
    MessageConflict,
    RequestTooLarge,
    SlowMode,
)
from hub.gateway import wire
from hub.gateway.envelope import check_text
from hub.gateway.opening import enter, leave
from hub.gateway.ratelimit import SENDS
from hub.gateway.services import Services
from hub.gateway.session import Session
from hub.gateway.table import on


@on("live.join", wire.LiveJoin, wire.LiveRoom, ConversationNotFound)
async def live_join(hub: Services, session: Session, request: wire.LiveJoin) -> wire.LiveRoom:
    """The room with its last messages; from now on the socket gets its live events."""
    of = request.conversation_id
    snapshot = await enter(hub, session, of, lambda: hub.live.snapshot(session.user_id, of, limit=request.limit))
    return wire.LiveRoom(
        **msgspec.structs.asdict(snapshot),
        viewers=hub.audience.count(of),
        slow_mode_seconds=snapshot.conversation.slow_mode_seconds or 0,
    )


@on("live.leave", wire.InConversation, wire.Empty, ack_needed=False)
async def live_leave(hub: Services, session: Session, request: wire.InConversation) -> wire.Empty:
    """The socket gets no more live events of the room."""
    await leave(hub, session, request.conversation_id)
    return wire.Empty()


@on(
    "live.send",
    wire.LiveSend,
    Sent,
    ConversationNotFound,
    ConversationClosed,
    SlowMode,
    MessageConflict,
    RequestTooLarge,
    Draining,
    rule=SENDS,
)
async def live_send(hub: Services, session: Session, request: wire.LiveSend) -> Sent:
    """Stores a message for everybody in the room; the ack means that it is committed."""
    body = check_text("body", request.body)
    await hub.live.check_live(request.conversation_id)
    wish = SendMessage(
        conversation_id=request.conversation_id,
        sender_id=session.user_id,
        client_message_id=request.client_message_id,
        body=body,
        reply_to_seq=request.reply_to_seq,
    )
    return await hub.sender.send(wish)
