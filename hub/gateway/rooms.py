"""The names of rooms."""

USER = "user:"
CONVERSATION = "conversation:"
PRESENCE = "presence:"


def user_room(user_id: str) -> str:
    """All sockets of one person."""
    return USER + user_id


def conversation_room(conversation_id: str) -> str:
    """All sockets that have the conversation open."""
    return CONVERSATION + conversation_id


def presence_room(user_id: str) -> str:
    """All sockets that want to know how the person appears."""
    return PRESENCE + user_id
