"""Who may write to a conversation now: the access window and the person's role."""

from collections.abc import Collection
from typing import Any

from hub.errors import ConversationClosed, HubError

READ_ONLY_ROLES = frozenset({"observer"})
"""Members who see everything and write nothing (an operator who looks at an order chat)."""

VIEWER = "viewer"
"""The role of who follows a live room without being one of its hosts."""

STAFF_ROLES = frozenset({"moderator", "support", "admin"})
"""Platform roles that may remove other people's messages in conversations they take part in."""

PLATFORM_ROLES = STAFF_ROLES | {"service"}
"""Token roles that may lead any live room."""


def is_host(role: str) -> bool:
    """Whether someone with this role in a live room is one of its hosts."""
    return role != VIEWER and role not in READ_ONLY_ROLES


def leads(role: str, platform_roles: Collection[str]) -> bool:
    """Whether someone with `role` in a live room, and these roles in the token, may slow, close and empty it."""
    return is_host(role) or bool(PLATFORM_ROLES.intersection(platform_roles))


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
    """Why someone with `role` may not write now, or None."""
    closed = closed_reason(conversation, now)
    if closed is not None:
        return closed
    if role in READ_ONLY_ROLES:
        return "read_only"
    return "hosts_only" if role == VIEWER and conversation.kind == "announcement" else None


def refusal(conversation: Any, role: str, now: int) -> HubError | None:
    """The error for someone with `role` who writes now, or None."""
    reason = refusal_for(conversation, role, now)
    return None if reason is None else ConversationClosed({"reason": reason})
