"""Slow mode: a viewer waits between two messages, a host does not, and everybody knows how long."""

import asyncio
from typing import Any

import pytest

from tests.clock import MovableClock
from tests.conftest import make_settings
from tests.flows.rooms import joined, not_said, room, say
from tests.flows.story import caught_up
from tests.running import Person, RunningHub


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(stands=True)


@pytest.fixture
async def slow(database_url: str, start_hub: Any, clock: MovableClock) -> tuple[RunningHub, str]:
    hub: RunningHub = await start_hub(make_settings(database_url), clock=clock)
    return hub, await room(hub, slow_mode_seconds=30)


async def set_to(hub: RunningHub, conversation_id: str, seconds: int, token: str | None = None) -> Any:
    path = f"/api/v1/conversations/{conversation_id}/slow-mode"
    return await hub.http("POST", path, {"seconds": seconds}, token=token)


async def test_a_viewer_waits_and_is_told_for_how_long(slow: tuple[RunningHub, str], clock: MovableClock) -> None:
    hub, live = slow
    fan, other = await joined(hub, live, "fan"), await joined(hub, live, "other")

    await say(fan, live, "first", "m-1")
    clock.forward(10)
    refused = await not_said(fan, live, "second")

    assert (refused["code"], refused["retryable"], refused["retry_after_ms"]) == ("live.slow_mode", True, 20_000)
    assert refused["details"] == {"seconds": 30}
    assert (await say(fan, live, "first", "m-1"))["seq"] == 1  # a repeat is no second message
    assert (await say(other, live, "mine"))["seq"] == 2  # others do not wait for one
    clock.forward(20)
    assert (await say(fan, live, "second"))["seq"] == 3
    assert (await not_said(fan, live, "third"))["retry_after_ms"] == 30_000


async def test_of_two_messages_of_one_moment_one_is_taken(slow: tuple[RunningHub, str]) -> None:
    hub, live = slow
    devices = [await joined(hub, live, "fan") for _ in range(2)]

    async def one(device: Person, name: str) -> str:
        wish = {"conversation_id": live, "client_message_id": name, "body": name}
        answer = await device.client.call("live.send", wish)
        return "ok" if answer["success"] else str(answer["error"]["code"])

    outcomes = await asyncio.gather(*(one(device, f"m{n}-{i}") for n in range(3) for i, device in enumerate(devices)))

    assert sorted(outcomes) == ["live.slow_mode"] * 5 + ["ok"]


async def test_every_road_is_as_slow(slow: tuple[RunningHub, str]) -> None:
    hub, live = slow
    fan = await joined(hub, live, "fan")
    await say(fan, live, "first")

    by_event = await fan.refused("message.send", conversation_id=live, client_message_id="a", body="x")
    path = f"/api/v1/conversations/{live}/messages/b"
    status, answer = await hub.http("PUT", path, {"body": "x"}, token=fan.token)
    edit = await fan.refused("message.edit", conversation_id=live, seq=1, body="more")
    react = await fan.refused("message.react", conversation_id=live, seq=1, emoji="👍")

    assert by_event["code"] == "live.slow_mode"
    assert (status, answer["error"]["code"]) == (429, "live.slow_mode")
    assert edit["code"] == react["code"] == "access.denied"


async def test_hosts_do_not_wait_and_change_it(slow: tuple[RunningHub, str]) -> None:
    hub, live = slow
    host, fan = await joined(hub, live, "creator", "creator"), await joined(hub, live, "fan")
    for number in range(3):
        await say(host, live, f"{number}")

    status, answer = await set_to(hub, live, 0, host.token)

    assert (status, answer["data"]["conversation"]["slow_mode_seconds"]) == (200, 0)
    told = await fan.received("conversation.updated", lambda update: "conversation" in update)
    assert (told["rev"], told["conversation"]["slow_mode_seconds"]) == (4, 0)
    await say(fan, live, "one")
    await say(fan, live, "two")
    await set_to(hub, live, 0, host.token)
    await set_to(hub, live, 60)  # the platform may as well
    await caught_up(fan, live, 7)  # saying what is so already is no change
    assert (await say(fan, live, "three"))["seq"] == 6  # turns begin with slow mode
    assert (await not_said(fan, live, "four"))["details"] == {"seconds": 60}


async def test_who_may_not_change_it(slow: tuple[RunningHub, str]) -> None:
    hub, live = slow
    chat = await hub.order_chat()
    news = await room(hub, kind="announcement")

    for token, asked, expected in (
        (hub.token("fan", "fan"), live, (403, "access.denied")),
        (hub.token("another", "creator"), live, (403, "access.denied")),
        (hub.token("creator", "creator"), chat, (404, "conversation.not_found")),
        (hub.token("creator", "creator"), "no-id", (404, "conversation.not_found")),
        (hub.token("creator", "creator"), news, (400, "request.invalid")),
    ):
        status, answer = await set_to(hub, asked, 1, token)
        assert (status, answer["error"]["code"]) == expected
    for seconds in (-1, 21_601):
        assert (await set_to(hub, live, seconds))[0] == 400
    for body in ({"kind": "direct", "slow_mode_seconds": 5}, {"kind": "live", "slow_mode_seconds": -5}):
        everything = {"members": [{"user_id": "creator", "role": "creator"}], **body}
        status, answer = await hub.http("POST", "/api/v1/conversations", everything)
        assert (status, answer["error"]["code"]) == (400, "request.invalid")
