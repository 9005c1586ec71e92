"""The sandbox: keeps every kind of message once, as the person would have seen it."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from hub.channels.base import (
    Accepted,
    Channel,
    Email,
    Message,
    NotWanted,
    Outcome,
    Push,
    Sms,
    WhatsApp,
    WhatsAppTemplate,
)
from hub.channels.capture import CaptureSender
from hub.ids import new_id
from persistence import captured
from persistence.engine import Connections
from persistence.uow import Database
from tests.clock import MovableClock
from tests.conftest import make_settings

PAYLOAD = msgspec.json.encode({"title": "New order", "body": "From Fan", "url": "https://hub.example/", "tag": "t"})


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    made = Database(Connections(database_url), MovableClock(stands=True))
    yield made
    await made.connections.close()


def content(to: str) -> dict[str, str]:
    return {"delivery_id": new_id(), "notification_id": new_id(), "user_id": "fan", "to": to}


async def wanted() -> bool:
    return True


async def not_wanted() -> bool:
    return False


async def kept(database: Database, channel: Channel, message: Message) -> Any:
    """The row of a message that was sent twice."""
    sender = CaptureSender(database, channel, make_settings("sqlite+aiosqlite:///unused", twilio_sms_cost_micros=100))
    outcomes: list[Outcome] = [await sender.send(message, wanted) for _ in range(2)]
    assert outcomes == [Accepted(f"captured:{message.delivery_id}", "sandbox")] * 2
    assert await sender.ask(message) is None
    await sender.close()
    async with database.read() as connection:
        rows = await captured.newest(connection, user_id="fan", channel=channel)
    assert len(rows) == 1
    assert (rows[0].delivery_id, rows[0].notification_id) == (message.delivery_id, message.notification_id)
    assert rows[0].recipient == message.to
    return rows[0]


async def test_an_email_is_kept_with_its_subject_and_both_bodies(database: Database) -> None:
    row = await kept(
        database, "email", Email(**content("fan@example.com"), subject="s" * 400, text="Hello", html="<p>Hello</p>")
    )

    assert (row.subject, row.text, row.html, row.details) == ("s" * 300, "Hello", "<p>Hello</p>", "{}")


async def test_an_sms_is_kept_with_what_it_would_have_cost(database: Database) -> None:
    row = await kept(database, "sms", Sms(**content("+50934123456"), text="ê" * 71))

    assert row.text == "ê" * 71
    expected = {"encoding": "ucs2", "characters": 71, "segments": 2, "cost_micros": 200}
    assert msgspec.json.decode(row.details) == expected


async def test_a_whatsapp_message_is_kept_with_its_template(database: Database) -> None:
    template = WhatsAppTemplate("new_message", "fr", ("Fan", "2"))
    row = await kept(database, "whatsapp", WhatsApp(**content("+50934123456"), text="Fan: 2", template=template))

    expected = {"template": "new_message", "language": "fr", "parameters": ["Fan", "2"]}
    assert (row.text, msgspec.json.decode(row.details)) == ("Fan: 2", expected)


async def test_a_free_whatsapp_message_has_no_template(database: Database) -> None:
    row = await kept(database, "whatsapp", WhatsApp(**content("+50934123456"), text="Hello"))

    assert row.details == "{}"


@pytest.mark.parametrize(
    ("payload", "title", "body"), [(PAYLOAD, "New order", "From Fan"), (b"\xffnot JSON", "", "\ufffdnot JSON")]
)
async def test_a_push_is_kept_as_the_device_would_show_it(
    database: Database, payload: bytes, title: str, body: str
) -> None:
    push = Push(
        **content("https://push.example.com/x"),
        p256dh="k",
        auth="a",
        payload=payload,
        topic="conversation-1",
        urgency="high",
        ttl_seconds=3_600,
    )

    row = await kept(database, "push", push)

    details = msgspec.json.decode(row.details)
    assert (row.subject, row.text, details["title"], details["body"]) == (title, body, title, body)
    assert (details["topic"], details["urgency"], details["ttl_seconds"]) == ("conversation-1", "high", 3_600)


async def test_what_is_not_wanted_any_more_is_not_kept(database: Database) -> None:
    sender = CaptureSender(database, "sms", make_settings("sqlite+aiosqlite:///unused"))

    assert isinstance(await sender.send(Sms(**content("+50934123456"), text="x"), not_wanted), NotWanted)
    async with database.read() as connection:
        assert await captured.newest(connection, user_id=None, channel=None) == []


async def test_a_message_of_another_channel_is_a_mistake(database: Database) -> None:
    sender = CaptureSender(database, "sms", make_settings("sqlite+aiosqlite:///unused"))

    with pytest.raises(TypeError):
        await sender.send(Email(**content("fan@example.com"), subject="s", text="Hello", html="<p>Hello</p>"), wanted)
