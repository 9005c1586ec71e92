"""Opening and leaving: how a socket begins to get a conversation's live events, without a hole, and how that ends."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from hub.chat.access import VIEWER
from hub.chat.sync import Standing
from hub.errors import ConversationNotFound
from hub.gateway import wire
from hub.gateway.rooms import conversation_room
from hub.gateway.services import Services
from hub.gateway.session import Session
from hub.views import LIVE_KINDS, Snapshot

Shown = TypeVar("Shown", bound=Snapshot)


async def enter(hub: Services, session: Session, conversation_id: str, read: Callable[[], Awaitable[Shown]]) -> Shown:
    """What `read` gives; from now on the socket gets what happens after it. Raises what `read` raises."""
    room = conversation_room(conversation_id)
    opened_before = conversation_id in session.opened
    # Listening begins before the snapshot is read, so that nothing can fall between the two.
    session.hold(room)
    try:
        await hub.bus.listening(room)
        snapshot = await read()
        _check_still_in(session, room)
    except Exception:
        # Who may not see the conversation must not get what was held back either.
        if opened_before:
            session.release(room, after_rev=None)
        else:
            session.discard(room)
        raise
    role = next((each.role for each in snapshot.members if each.user_id == session.user_id), VIEWER)
    note_opened(hub, session, conversation_id, Standing(role, live=snapshot.conversation.kind in LIVE_KINDS))
    session.release_after_answer(room, after_rev=snapshot.head.rev)
    return snapshot


def _check_still_in(session: Session, room: str) -> None:
    """An operator may have taken the socket out while the snapshot was being read."""
    if room not in session.rooms:
        raise ConversationNotFound({"reason": "taken out of it meanwhile"})


def note_opened(hub: Services, session: Session, conversation_id: str, standing: Standing) -> None:
    """Remembers that the socket has the conversation open; a live room's viewers are counted from now on."""
    session.opened[conversation_id] = standing.types
    if standing.live:
        hub.audience.follow(conversation_id)


def note_resumed(hub: Services, session: Session, conversation_id: str, standing: Standing) -> None:
    """The same for a socket that comes back, which no answer tells how many are in a live room."""
    note_opened(hub, session, conversation_id, standing)
    if standing.live:
        session.emit("live.viewers", wire.LiveViewers(conversation_id, hub.audience.count(conversation_id)))


async def leave(hub: Services, session: Session, conversation_id: str) -> None:
    """The socket gets no more live events of the conversation."""
    if session.opened.pop(conversation_id, None) is not None:
        hub.fanout.leave(session, conversation_room(conversation_id))
        await hub.typing.stop(conversation_id, session.user_id)
    if session.focus == conversation_id:
        session.focus = None
        hub.attention.changed(session.user_id)
