"""What the stories share: people in one conversation, and what each was told of its log."""

import asyncio
from typing import Any

from hub.chat.sender import SendMessage
from tests.running import Person, RunningHub

LOGGED = ("message.new", "message.updated", "message.deleted", "conversation.updated")


async def conversation(hub: RunningHub, *fans: str, kind: str = "direct", **more: Any) -> str:
    """The id of a new conversation of these people and a creator."""
    members = [{"user_id": each, "role": "fan"} for each in fans]
    body = {"kind": kind, "members": [{"user_id": "creator", "role": "creator"}, *members], **more}
    created = await hub.ok("POST", "/api/v1/conversations", body)
    return str(created["conversation"]["id"])


async def opened(hub: RunningHub, conversation_id: str, user_id: str, *roles: str) -> Person:
    """A connected person who has the conversation open."""
    person = await hub.connected(user_id, *roles)
    await person.ask("conversation.open", conversation_id=conversation_id)
    return person


async def flood(hub: RunningHub, conversation_id: str, count: int) -> None:
    """Stores many messages of the creator, faster than a person could send them."""
    of = {"conversation_id": conversation_id, "sender_id": "creator"}
    wishes = [SendMessage(**of, client_message_id=f"flood-{n}", body=f"{n}") for n in range(count)]
    await asyncio.gather(*(hub.hub.services.sender.send(wish) for wish in wishes))


def log_of(person: Person, conversation_id: str) -> list[tuple[str, int]]:
    """The entries of the conversation's log that the person was told, as they came; badges are none."""
    return [
        (name, payload["rev"])
        for name, payload in person.events
        if name in LOGGED and payload["conversation_id"] == conversation_id and "unread" not in payload
    ]


def revs_of(person: Person, conversation_id: str) -> list[int]:
    """Their numbers."""
    return [rev for _, rev in log_of(person, conversation_id)]


async def caught_up(person: Person, conversation_id: str, rev: int) -> None:
    """Waits until the person was told of this change."""
    await person.until(lambda: rev in revs_of(person, conversation_id))
