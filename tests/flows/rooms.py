"""What the stories of live rooms share."""

from typing import Any

from tests.flows.story import conversation
from tests.running import Person, RunningHub


async def room(hub: RunningHub, kind: str = "live", **more: Any) -> str:
    """The id of a new room that `creator` hosts."""
    return await conversation(hub, kind=kind, **more)


async def joined(hub: RunningHub, conversation_id: str, user_id: str, *roles: str) -> Person:
    """A connected person who follows the room."""
    person = await hub.connected(user_id, *roles)
    await person.ask("live.join", conversation_id=conversation_id)
    return person


async def say(person: Person, conversation_id: str, body: str, client_message_id: str | None = None) -> Any:
    """The stored message."""
    wish = {"conversation_id": conversation_id, "client_message_id": client_message_id or f"{person.user_id} {body}"}
    wish["client_message_id"] = wish["client_message_id"].replace(" ", "-")
    return (await person.ask("live.send", body=body, **wish))["message"]


async def not_said(person: Person, conversation_id: str, body: str) -> dict[str, Any]:
    """The error of a message that must be refused."""
    wish = {"conversation_id": conversation_id, "client_message_id": f"{person.user_id}-refused", "body": body}
    return await person.refused("live.send", **wish)
