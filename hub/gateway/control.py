"""Carries out on this node what rooms are told to do: close, leave, look again."""

from __future__ import annotations

from collections.abc import Callable

from hub.gateway import frames
from hub.gateway.attention import Focus
from hub.gateway.badges import Badges
from hub.gateway.bus import CloseRoom, Command, Disconnect, Notice, Resync, Touch, Wake
from hub.gateway.fanout import Fanout
from hub.gateway.notices import Notices
from hub.gateway.resync import Resyncs
from hub.gateway.rooms import CONVERSATION, USER
from hub.gateway.session import Session
from hub.gateway.wire import ConversationLeft


class Control:
    """Obeys the bus's commands."""

    def __init__(self, fanout: Fanout, badges: Badges, resyncs: Resyncs, attention: Focus, notices: Notices) -> None:
        self._fanout = fanout
        self._badges = badges
        self._resyncs = resyncs
        self._attention = attention
        self._notices = notices
        self.dismiss: Callable[[Session, str], None] = _nobody
        """Tells a session's client why, then closes it."""
        self.wake: Callable[[Wake], None] = _no_worker
        """Wakes the worker of this process."""

    def obey(self, room: str, command: Command) -> None:
        """Does it for this node's members of the room."""
        if isinstance(command, Touch):
            self._badges.touch_here(command.conversation_id, room.removeprefix(USER))
        elif isinstance(command, Notice):
            self._notices.touch_here(room.removeprefix(USER), command)
        elif isinstance(command, Resync):
            self._resyncs.room(room)
        elif isinstance(command, Wake):
            self.wake(command)
        elif isinstance(command, CloseRoom):
            self._close(room, command)
        elif isinstance(command, Disconnect):
            for session in self._fanout.sessions(room):
                if session.id != command.but_session:
                    self.dismiss(session, command.reason)

    def _close(self, room: str, command: CloseRoom) -> None:
        conversation_id = room.removeprefix(CONVERSATION)
        farewell = frames.event("conversation.left", ConversationLeft(conversation_id, command.reason))
        for session in self._fanout.sessions(room):
            session.opened.pop(conversation_id, None)
            session.send(farewell)
            if session.focus == conversation_id:
                session.focus = None
                self._attention.changed(session.user_id)
        self._fanout.close(room)


def _nobody(_session: Session, _reason: str) -> None:
    """Nobody is connected yet."""


def _no_worker(_command: Wake) -> None:
    """There is no worker here."""
