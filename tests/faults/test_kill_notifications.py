"""The process is killed while e-mails wait or are on their way: none is lost before it is sent, none is sent twice."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import socketio

from hub.settings import Settings
from tests.clock import MovableClock
from tests.conftest import make_settings
from tests.doubles.gate import Gate
from tests.doubles.smtp import SmtpDouble, part, running_smtp
from tests.faults.chatter import http
from tests.notifications.road import open_road
from tests.processes import HubProcess, hub_process
from tests.running import PATIENCE

CHATS = 12
LEASE = 31.0


@pytest.fixture
async def smtp() -> AsyncIterator[SmtpDouble]:
    async with running_smtp() as double:
        yield double


def settings_of(database_url: str, smtp: SmtpDouble) -> Settings:
    return make_settings(database_url, smtp_host="127.0.0.1", smtp_port=smtp.port, smtp_tls="none")


def variables(smtp: SmtpDouble, seconds: float) -> dict[str, str]:
    return {
        "HUB_UNREAD_EMAIL_SECONDS": str(seconds),
        "HUB_SMTP_HOST": "127.0.0.1",
        "HUB_SMTP_PORT": str(smtp.port),
        "HUB_SMTP_TLS": "none",
    }


async def write_to_creators(hub: HubProcess, chats: int, name: str = "creator") -> list[str]:
    """The fan writes once in each of new chats, each with another creator; their ids."""
    creators = [f"{name}{number}" for number in range(chats)]
    for user_id in ("fan", *creators):
        await http(hub, "PUT", f"/users/{user_id}", {"display_name": user_id, "email": f"{user_id}@example.com"})
    ids = []
    client = socketio.AsyncClient(reconnection=False)
    await client.connect(hub.base, auth={"token": hub.token("fan", "fan")}, transports=["websocket"])
    for user_id in creators:
        members = [{"user_id": "fan", "role": "fan"}, {"user_id": user_id, "role": "creator"}]
        made: Any = await http(hub, "POST", "/conversations", {"kind": "order", "members": members})
        ids.append(made["conversation"]["id"])
    for each in ids:
        wish = {"conversation_id": each, "client_message_id": "1", "body": each}
        assert (await client.call("message.send", wish, timeout=PATIENCE))["success"]
    await client.disconnect()
    return ids


def told(smtp: SmtpDouble, ids: list[str]) -> list[str]:
    return sorted(each for each in ids for mail in smtp.accepted if f"?conversation={each}" in part(mail, "plain"))


async def test_emails_that_wait_when_the_process_is_killed_are_sent_once_by_the_next(
    database_url: str, smtp: SmtpDouble
) -> None:
    async with hub_process(database_url, **variables(smtp, 1.5)) as hub:
        ids = await write_to_creators(hub, CHATS)
        await hub.kill()
        assert smtp.accepted == []
        await hub.start()

        await smtp.took(CHATS)

        assert told(smtp, ids) == sorted(ids)
        await hub.terminate()
    async with open_road(settings_of(database_url, smtp)) as road:
        await road.work(LEASE)
        assert set(await road.states()) <= {"accepted", "unknown"}
        assert len(smtp.accepted) == CHATS


@pytest.mark.parametrize("step", ["on_rcpt", "on_data"])
async def test_a_kill_in_the_middle_of_an_email(database_url: str, smtp: SmtpDouble, step: str) -> None:
    """Before the content it is surely not out, so the next worker sends it; from then on nobody knows, so none does."""
    gate = Gate()
    setattr(smtp, step, gate)
    async with hub_process(database_url, **variables(smtp, 0)) as hub:
        await write_to_creators(hub, 1)
        await gate.reached()
        await hub.kill()
    smtp.cut_all()
    gate.open()

    clock = MovableClock(stands=True)
    clock.forward(LEASE)
    async with open_road(settings_of(database_url, smtp), clock) as road:
        await road.work()
        await road.work(3600)

        assert await road.states() == ["accepted" if step == "on_rcpt" else "unknown"]
    assert smtp.attempts == (2 if step == "on_rcpt" else 1)
    assert len(smtp.accepted) == (1 if step == "on_rcpt" else 0), "the double drops what was cut off"


async def test_captured_emails_are_neither_lost_nor_doubled_by_kills(database_url: str) -> None:
    async with hub_process(database_url, HUB_UNREAD_EMAIL_SECONDS="0") as hub:
        for name in ("ann", "bea", "eve"):
            await write_to_creators(hub, CHATS, name)
            await hub.kill()
            await hub.start()
        await hub.terminate()
    clock = MovableClock(stands=True)
    clock.forward(LEASE)
    async with open_road(make_settings(database_url), clock) as road:
        await road.work()
        await road.work(LEASE)

        assert await road.states() == ["accepted"] * 3 * CHATS
        assert len(await road.captures()) == 3 * CHATS
