"""Who is looking at what, as the sessions of this process know it, and what they tell other processes."""

from collections.abc import Iterable
from typing import Protocol

from hub.gateway.fanout import Fanout
from hub.gateway.rooms import user_room
from hub.notifications.attention import Attention


class Focus(Attention, Protocol):
    """Attention that is told when a session's focus may have changed."""

    def changed(self, user_id: str) -> None:
        """One of the person's sockets shows something else, or has ended."""
        ...


class SessionAttention:
    """Answers from `focus.set` of the person's open sockets."""

    def __init__(self, fanout: Fanout) -> None:
        self._fanout = fanout

    async def is_looking(self, user_id: str, conversation_id: str) -> bool:
        """Whether one of the person's devices shows the conversation now."""
        return conversation_id in self.looked_at(user_id)

    def looked_at(self, user_id: str) -> Iterable[str]:
        """The conversations that the person's sockets of this process show."""
        return {session.focus for session in self._fanout.sessions(user_room(user_id)) if session.focus is not None}

    def changed(self, user_id: str) -> None:
        """See Focus: nobody else wants to know."""
