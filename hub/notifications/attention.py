"""Who is looking at what: asked before somebody is alerted."""

from typing import Protocol


class Attention(Protocol):
    """Knows who is looking at what."""

    async def is_looking(self, user_id: str, conversation_id: str) -> bool:
        """Whether a device of the user shows this conversation right now. When unsure: no."""
        ...


class Nobody:
    """For a process that holds no sockets: unsure of everybody, so it notifies."""

    async def is_looking(self, user_id: str, conversation_id: str) -> bool:
        """Always no."""
        del user_id, conversation_id
        return False
