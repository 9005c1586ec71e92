"""Without a mail server, e-mails are captured and shown; in development alone."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hub.settings import Settings
from tests.clock import MovableClock
from tests.conftest import SECRET, make_settings
from tests.running import PATIENCE, RunningHub

PATH = "/api/v1/dev/deliveries"


async def captured(hub: RunningHub, query: str, count: int) -> list[Any]:
    """What the page shows, once it shows `count`."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found: list[Any] = (await hub.ok("GET", f"{PATH}{query}", token=""))["deliveries"]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)


async def test_captured_emails_are_shown_newest_first_and_filtered(
    settings: Settings, start_hub: Callable[..., Awaitable[RunningHub]]
) -> None:
    clock = MovableClock(stands=True)
    hub = await start_hub(settings, clock=clock)
    conversation_id = await hub.order_chat()
    fan, creator = await hub.connected("fan"), await hub.connected("creator", "creator")
    await fan.send(conversation_id, "from the fan")
    clock.forward(1)
    await captured(hub, "", 1)
    await creator.send(conversation_id, "from the creator")
    clock.forward(1)

    newest, oldest = await captured(hub, "", 2)

    assert (newest["to"], oldest["to"]) == ("fan@example.com", "creator@example.com")
    assert newest["channel"] == "email"
    assert newest["subject"] == "New message from Creator"
    assert "from the creator" in newest["text"]
    assert "from the creator" in newest["html"]
    assert await captured(hub, "?user_id=fan", 1) == [newest]
    assert await captured(hub, "?user_id=creator&channel=email", 1) == [oldest]
    assert await captured(hub, "?channel=sms", 0) == []


async def test_production_shows_no_captured_deliveries(
    sqlite_url: str, start_hub: Callable[..., Awaitable[RunningHub]]
) -> None:
    hub = await start_hub(make_settings(sqlite_url, env="production", jwt_secret=SECRET))

    for token in ("", hub.token("platform", "service"), hub.token("root", "admin")):
        status, answer = await hub.http("GET", PATH, token=token)
        assert (status, answer["error"]["code"]) == (404, "request.not_found")
