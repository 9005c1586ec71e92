"""Who is looking at what, as the sessions of this process know it."""

from hub.gateway.fanout import Fanout
from hub.gateway.rooms import user_room


class SessionAttention:
    """Answers from `focus.set` of the person's open sockets."""

    def __init__(self, fanout: Fanout) -> None:
        self._fanout = fanout

    def is_looking(self, user_id: str, conversation_id: str) -> bool:
        """Whether one of the person's devices shows the conversation now."""
        return any(session.focus == conversation_id for session in self._fanout.sessions(user_room(user_id)))
