"""Who wrote: in a live room viewers are in no list of members, so each message says its sender's name."""

from collections.abc import Iterable, Mapping
from typing import Any

from hub.views import LIVE_KINDS
from persistence import users
from persistence.engine import Connection


async def names_in(connection: Connection, conversation: Any, rows: Iterable[Any]) -> Mapping[str, str]:
    """Sender id -> name for these message rows of a live room; empty for any other conversation."""
    if conversation.kind not in LIVE_KINDS:
        return {}
    return await users.names(connection, {row.sender_id for row in rows})
