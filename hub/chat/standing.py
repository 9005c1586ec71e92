"""What a person is in a conversation: a member with a role, a viewer where anybody may look, or nobody."""

from typing import Any

from hub.chat.access import VIEWER
from hub.errors import ConversationNotFound
from hub.views import LIVE_KINDS
from persistence import members
from persistence.engine import Connection


def role_of(conversation: Any | None, member: Any | None) -> str:
    """The role of who has this row, if any, in this conversation row, if any. Raises ConversationNotFound."""
    if conversation is not None and member is not None:
        return str(member.role)
    if conversation is not None and conversation.kind in LIVE_KINDS:
        return VIEWER
    raise ConversationNotFound


async def role_in(connection: Connection, conversation: Any | None, user_id: str) -> str:
    """The person's role in this conversation row, if any. Raises ConversationNotFound."""
    if conversation is None:
        raise ConversationNotFound
    return role_of(conversation, await members.get(connection, conversation.id, user_id))
