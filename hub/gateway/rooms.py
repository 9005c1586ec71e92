"""The names of rooms."""


def user_room(user_id: str) -> str:
    """All sockets of one person."""
    return f"user:{user_id}"


def conversation_room(conversation_id: str) -> str:
    """All sockets that have the conversation open."""
    return f"conversation:{conversation_id}"


def presence_room(user_id: str) -> str:
    """All sockets that want to know how the person appears."""
    return f"presence:{user_id}"
