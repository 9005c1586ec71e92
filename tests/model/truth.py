"""The server's state of a conversation, asked over HTTP, to compare what clients hold with."""

from collections.abc import Awaitable, Callable
from typing import Any

from tests.model.history import State, of_snapshot


async def server_state(get: Callable[[str], Awaitable[Any]], conversation_id: str) -> State:
    """All messages and marks as one member sees them; `get` fetches a path below /api/v1 as that member."""
    path = f"/conversations/{conversation_id}"
    conversation = (await get(path))["conversation"]
    messages: list[Any] = []
    more, before = True, ""
    while more:
        page = await get(f"{path}/messages?limit=100{before}")
        messages, more = page["messages"] + messages, page["more"]
        before = f"&before_seq={messages[0]['seq']}" if messages else ""
    return of_snapshot(
        {
            "head": conversation["head"],
            "messages": messages,
            "members": conversation["members"],
            "conversation": conversation,
        }
    )
