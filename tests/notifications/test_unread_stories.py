"""Unread messages become an e-mail, over a running hub with real time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import select

from hub.notifications.batch import LOOK_AGAIN_MS
from hub.settings import Settings
from persistence.deliveries import delivery
from tests.clock import MovableClock
from tests.conftest import make_settings
from tests.doubles.smtp import SmtpDouble, part
from tests.running import PATIENCE, RunningHub


@pytest.fixture
def settings(database_url: str, smtp: SmtpDouble) -> Settings:
    return make_settings(
        database_url, unread_email_seconds=0.5, smtp_host="127.0.0.1", smtp_port=smtp.port, smtp_tls="none"
    )


async def test_an_unread_message_gives_one_email_to_the_other_side_alone(hub: RunningHub, smtp: SmtpDouble) -> None:
    conversation_id = await hub.order_chat()
    fan = await hub.connected("fan")

    await fan.send(conversation_id, "Is it ready?")
    (mail,) = await smtp.took(1)

    assert mail["To"] == "creator@example.com"
    assert mail["Subject"] == "New message from Fan"
    assert "> Is it ready?" in part(mail, "plain")
    assert f"/?conversation={conversation_id}" in part(mail, "html")


async def test_looking_at_the_conversation_holds_the_email_and_looking_away_lets_it_go(
    settings: Settings, start_hub: Callable[..., Awaitable[RunningHub]], smtp: SmtpDouble
) -> None:
    clock = MovableClock(stands=True)
    hub = await start_hub(settings, clock=clock)
    conversation_id, other = await hub.order_chat(), await hub.order_chat()
    fan, creator = await hub.connected("fan"), await hub.connected("creator", "creator")
    await creator.ask("focus.set", conversation_id=conversation_id)

    await fan.send(conversation_id, "You see this.")
    await fan.send(other, "You do not see this.")
    clock.forward(1)
    await reason(hub, "looking at it")

    assert smtp.accepted == []
    await creator.ask("focus.set", conversation_id=None)
    clock.forward(LOOK_AGAIN_MS / 1000)
    (mail,) = await smtp.took(1)
    for each in (conversation_id, other):
        assert each in part(mail, "plain")


async def reason(hub: RunningHub, wanted: str) -> None:
    """Waits until a delivery has this reason."""
    async with asyncio.timeout(PATIENCE):
        while True:
            async with hub.hub.database.read() as connection:
                if wanted in (await connection.execute(select(delivery.c.reason))).scalars().all():
                    return
            await asyncio.sleep(0.02)


async def test_a_closed_socket_looks_at_nothing(
    settings: Settings, start_hub: Callable[..., Awaitable[RunningHub]], smtp: SmtpDouble
) -> None:
    clock = MovableClock(stands=True)
    hub = await start_hub(settings, clock=clock)
    conversation_id = await hub.order_chat()
    fan, creator = await hub.connected("fan"), await hub.connected("creator", "creator")
    await creator.ask("focus.set", conversation_id=conversation_id)

    await fan.send(conversation_id, "Are you there?")
    await creator.disconnect()
    clock.forward(1)

    (mail,) = await smtp.took(1)
    assert "> Are you there?" in part(mail, "plain")


async def test_reading_over_http_cancels_the_email(hub: RunningHub, smtp: SmtpDouble) -> None:
    read, unread = await hub.order_chat(), await hub.order_chat()
    fan = await hub.connected("fan")

    await fan.send(read, "Read at once.")
    token = hub.token("creator", "creator")
    await hub.ok("POST", f"/api/v1/conversations/{read}/read", {"seq": 1}, token=token)
    await fan.send(unread, "Never read.")
    (mail,) = await smtp.took(1)

    assert unread in part(mail, "plain")
