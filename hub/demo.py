"""`hub demo`: a believable order between a fan and a creator, on SQLite, with nothing to configure."""

import os
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.engine import make_url

from hub.bootstrap import bootstrap
from hub.channels import vapid
from hub.channels.demo_push import SANDBOX
from hub.chat.conversations import NewConversation, NewMember
from hub.chat.receipts import MoveReceipt
from hub.chat.sender import SendMessage
from hub.chat.users import Profile
from hub.gateway.auth import Authenticator
from hub.gateway.wire import Persona
from hub.notifications.devices import SECRET_BYTES, Subscription
from hub.notifications.publishing import Publication
from hub.settings import Settings

DATABASE = "sqlite+aiosqlite:///./demo.db"
VAPID_FILE = "demo.vapid"
"""The push key of the demo lies beside its database, so that browsers which subscribed stay subscribed."""
UNREAD_EMAIL_SECONDS = 30.0
"""Half an hour, as by default, is too long to look on."""
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
    if "HUB_UNREAD_EMAIL_SECONDS" not in os.environ:
        chosen["unread_email_seconds"] = UNREAD_EMAIL_SECONDS
    if "HUB_VAPID_PRIVATE_KEY" not in os.environ:
        chosen["vapid_private_key"] = vapid.kept_beside(_beside(os.environ.get("HUB_DATABASE_URL", DATABASE)))
    if "HUB_VAPID_SUBJECT" not in os.environ:
        chosen["vapid_subject"] = "mailto:demo@example.com"  # some push services refuse localhost
    return chosen


def _beside(database_url: str) -> Path:
    """Where the push key is kept: beside the database's file, or here."""
    file = make_url(database_url).database if database_url.startswith("sqlite") else None
    return Path(file or ".").parent / VAPID_FILE


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
        await services.users.save(FAN, _profile("Jonas Etienne", "fan", "jonas@example.com", "America/New_York", "en"))
        await services.users.save(
            CREATOR, _profile("Mirlande Baptiste", "creator", "mirlande@example.com", "America/Port-au-Prince", "ht")
        )
        for user_id in (FAN, CREATOR):
            await services.devices.register(user_id, sandbox_device(user_id))
        members = [NewMember(FAN, "fan"), NewMember(CREATOR, "creator")]
        new = NewConversation(kind="order", members=members, order_id=ORDER_ID, title=TITLE)
        async with hub.database.begin() as tx:
            conversation_id = await services.conversations.create(tx, new, created_by="demo")
            await services.publisher.publish(tx, _placed(conversation_id))
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


def _profile(name: str, role: str, email: str, time_zone: str, locale: str) -> Profile:
    phones = {"fan": "+13055550142", "creator": "+50934123456"}
    return Profile(display_name=name, roles=[role], email=email, phone=phones[role], time_zone=time_zone, locale=locale)


def sandbox_device(user_id: str) -> Subscription:
    """A device that exists only here: what is pushed to it is shown among the captured deliveries."""
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return Subscription(
        endpoint=f"{SANDBOX}{user_id}",
        p256dh=urlsafe_b64encode(point).decode().rstrip("="),
        auth=urlsafe_b64encode(os.urandom(SECRET_BYTES)).decode().rstrip("="),
        label="Sandbox phone",
    )


def _placed(conversation_id: str) -> Publication:
    data = {
        "order_id": ORDER_ID,
        "title": TITLE,
        "amount": 5_000,
        "currency": "USD",
        "fan_id": FAN,
        "fan": "Jonas Etienne",
        "creator_id": CREATOR,
        "creator": "Mirlande Baptiste",
    }
    return Publication(
        type="order.placed",
        data=data,
        actor="demo",
        digest=ORDER_ID.encode(),
        recipients=(FAN, CREATOR),
        dedupe_key=f"order.placed:{ORDER_ID}",
        conversation_id=conversation_id,
    )


def welcome(address: tuple[str, int], people: list[Persona], conversation_id: str, service: str) -> str:
    """What the demo prints when it is ready; `service` is a token of the platform."""
    base = f"http://{address[0]}:{address[1]}"
    fan = people[0]
    path = f"/api/v1/conversations/{conversation_id}/messages/hello-$(date +%s)"
    event = '{"type": "review.posted", "recipients": ["demo-creator"], "data": {"rating": 5, "fan": "Jonas Etienne"}}'
    return f"""
The hub is ready. Open both, side by side:

  as the fan      {base}/?as=fan
  as the creator  {base}/?as=creator

Send a message from a terminal; it appears in both pages at once:

  curl -X PUT {base}{path} \\
    -H 'Authorization: Bearer {fan.token}' \\
    -H 'Content-Type: application/json' -d '{{"body": "Hello from curl"}}'

Every e-mail, SMS, WhatsApp and push message that would have left the hub is shown here:

  {base}/deliveries.html      (a push after 10 s unread, an e-mail after 30 s; read the message, and they are cancelled)

Tell somebody of anything; the rules decide by which channels, the trace says why:

  curl {base}/api/v1/events -H 'Authorization: Bearer {service}' \\
    -H 'Content-Type: application/json' -d '{event}'

Also:  {base}/preferences.html?as=fan  who may tell you what, and when    {base}/api.html  the API

Stop with Ctrl-C; everything is kept in demo.db.
"""
