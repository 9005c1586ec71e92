"""`hub demo`: a believable order between a fan and a creator, on SQLite, with nothing to configure."""

import os
from typing import Any

from hub.bootstrap import bootstrap
from hub.chat.conversations import NewConversation, NewMember
from hub.chat.receipts import MoveReceipt
from hub.chat.sender import SendMessage
from hub.chat.users import Profile
from hub.gateway.auth import Authenticator
from hub.gateway.wire import Persona
from hub.settings import Settings

DATABASE = "sqlite+aiosqlite:///./demo.db"
TOKEN_SECONDS = 7 * 86_400
FAN, CREATOR = "demo-fan", "demo-creator"
ORDER_ID = "VM-1042"
TITLE = "Birthday video for Nadège"
STORY = (
    (FAN, "Hi Mirlande! I just ordered a birthday video for my sister Nadège. She turns 30 on Saturday 🎂"),
    (CREATOR, "Hello Jonas, thank you! What should I say, and in which language?"),
    (FAN, "In Kreyòl please. She loves your song « Lavi dous », could you sing one line of it?"),
    (CREATOR, "With pleasure. I record tomorrow morning, you will have it by Friday noon."),
)
"""The last message is the creator's and unread, so that the fan's page opens with a badge."""


def overrides(host: str, port: int) -> dict[str, Any]:
    """Settings of the demo, where the environment does not say otherwise."""
    chosen: dict[str, Any] = {"env": "development"}
    if "HUB_DATABASE_URL" not in os.environ:
        chosen["database_url"] = DATABASE
    if "HUB_PUBLIC_URL" not in os.environ:
        chosen["public_url"] = f"http://{host}:{port}"
    return chosen


def personas(authenticator: Authenticator) -> list[Persona]:
    """The two people, each with a token for a week."""
    people = ((FAN, "Jonas Etienne", "fan", "en"), (CREATOR, "Mirlande Baptiste", "creator", "en"))
    return [
        Persona(user_id, name, role, locale, authenticator.make(user_id, [role], seconds=TOKEN_SECONDS, name=name))
        for user_id, name, role, locale in people
    ]


async def seed(settings: Settings) -> str:
    """Writes the people, the order's conversation and its first messages, once; the conversation's id."""
    hub = bootstrap(settings)
    services = hub.services
    try:
        mine, _ = await services.conversations.list_of(FAN, limit=1, before=None, state=None)
        if mine:
            return mine[0].id
        await services.users.save(FAN, _profile("Jonas Etienne", "fan", "jonas@example.com", "America/New_York"))
        await services.users.save(
            CREATOR, _profile("Mirlande Baptiste", "creator", "mirlande@example.com", "America/Port-au-Prince")
        )
        members = [NewMember(FAN, "fan"), NewMember(CREATOR, "creator")]
        new = NewConversation(kind="order", members=members, order_id=ORDER_ID, title=TITLE)
        async with hub.database.begin() as tx:
            conversation_id = await services.conversations.create(tx, new, created_by="demo")
        for number, (sender_id, body) in enumerate(STORY, start=1):
            wish = SendMessage(
                conversation_id=conversation_id, sender_id=sender_id, client_message_id=f"demo-{number}", body=body
            )
            await services.sender.send(wish)
            if number < len(STORY):
                for reader in (FAN, CREATOR):
                    await services.receipts.move(MoveReceipt(conversation_id, reader, number, "read"))
        return conversation_id
    finally:
        await hub.database.connections.close()


def _profile(name: str, role: str, email: str, time_zone: str) -> Profile:
    return Profile(display_name=name, roles=[role], email=email, time_zone=time_zone)


def welcome(address: tuple[str, int], people: list[Persona], conversation_id: str) -> str:
    """What the demo prints when it is ready."""
    base = f"http://{address[0]}:{address[1]}"
    fan = people[0]
    path = f"/api/v1/conversations/{conversation_id}/messages/hello-$(date +%s)"
    return f"""
The hub is ready. Open both, side by side:

  as the fan      {base}/?as=fan
  as the creator  {base}/?as=creator

Send a message from a terminal; it appears in both pages at once:

  curl -X PUT {base}{path} \\
    -H 'Authorization: Bearer {fan.token}' \\
    -H 'Content-Type: application/json' -d '{{"body": "Hello from curl"}}'

Also:  {base}/api.html  the API    {base}/deliveries.html  e-mails about unread messages (after 30 s)

Stop with Ctrl-C; everything is kept in demo.db.
"""
