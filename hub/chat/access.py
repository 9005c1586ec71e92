"""Who may write to a conversation now: the access window and the member's role."""

from typing import Any

from hub.errors import ConversationClosed, HubError

READ_ONLY_ROLES = frozenset({"observer"})
"""Members who see everything and write nothing (an operator who looks at an order chat)."""

STAFF_ROLES = frozenset({"moderator", "support", "admin"})
"""Platform roles that may remove other people's messages in conversations they take part in."""


def closed_reason(conversation: Any, now: int) -> str | None:
    """Why nobody may write to this conversation row at `now` (ms), or None when it is open."""
    if conversation.state != "open":
        return conversation.reason or "closed"
    if conversation.opens_at is not None and now < conversation.opens_at:
        return "not_open_yet"
    if conversation.closes_at is not None and now >= conversation.closes_at:
        return "expired"
    return None


def refusal_for(conversation: Any, role: str, now: int) -> str | None:
    """Why a member with `role` may not write now, or None."""
    return closed_reason(conversation, now) or ("read_only" if role in READ_ONLY_ROLES else None)


def refusal(conversation: Any, role: str, now: int) -> HubError | None:
    """The error for a member with `role` who writes now, or None."""
    reason = refusal_for(conversation, role, now)
    return None if reason is None else ConversationClosed({"reason": reason})
