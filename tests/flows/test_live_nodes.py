"""Live rooms and the end of sessions on two nodes with one database and one Redis."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from loadtests.redis import RedisServer, running_redis
from tests.conftest import make_settings
from tests.flows.rooms import joined, room, say
from tests.flows.story import caught_up, opened, revs_of
from tests.running import RunningHub


@pytest.fixture
async def two_nodes(database_url: str, redis_server: RedisServer, start_hub: Any) -> list[RunningHub]:
    prefix = f"nodes-{abs(hash(database_url))}"
    settings = make_settings(database_url, redis_url=redis_server.url, redis_prefix=prefix)
    nodes = [await start_hub(settings) for _ in range(2)]
    for node in nodes:
        node.hub.services.audience.every_seconds = 0.1
    return nodes


async def test_viewers_of_both_nodes_hear_everything_and_are_counted_together(two_nodes: list[RunningHub]) -> None:
    here, there = two_nodes
    live = await room(here)
    viewers = [await joined(two_nodes[number % 2], live, f"fan-{number}") for number in range(10)]

    await asyncio.gather(*(say(viewer, live, "hello") for viewer in viewers))

    for viewer in viewers:
        await caught_up(viewer, live, 10)
        assert revs_of(viewer, live) == list(range(1, 11))
        await viewer.received("live.viewers", lambda told: told["viewers"] == 10)
    for viewer in viewers[1::2]:
        await viewer.disconnect()
    await viewers[0].until(lambda: viewers[0].named("live.viewers")[-1]["viewers"] == 5)
    late = await there.connected("late")
    assert (await late.ask("live.join", conversation_id=live))["head"] == {"seq": 10, "rev": 10}
    await late.received("live.viewers", lambda told: told["viewers"] == 6)


async def test_slow_mode_counts_on_every_node(two_nodes: list[RunningHub]) -> None:
    live = await room(two_nodes[0], slow_mode_seconds=60)
    first, second = [await joined(node, live, "fan") for node in two_nodes]

    await say(first, live, "one")
    refused = await second.refused("live.send", conversation_id=live, client_message_id="two", body="two")

    assert refused["code"] == "live.slow_mode"


async def test_a_node_that_stops_takes_its_viewers_along(two_nodes: list[RunningHub]) -> None:
    here, there = two_nodes
    live = await room(here)
    stays = await joined(here, live, "stays")
    for number in range(3):
        await joined(there, live, f"goes-{number}")
    await stays.received("live.viewers", lambda told: told["viewers"] == 4)

    await there.stop_gateway()

    await stays.until(lambda: stays.named("live.viewers")[-1]["viewers"] == 1)


async def test_sessions_end_on_every_node(two_nodes: list[RunningHub]) -> None:
    here, there = two_nodes
    devices = [await node.connected("fan") for node in two_nodes]
    other = await there.connected("other")

    await here.ok("DELETE", "/api/v1/users/fan/sessions", {"reason": "replaced"})

    for device in devices:
        assert (await device.received("session.closing"))["reason"] == "replaced"
        await device.received("disconnect")
    for node in two_nodes:
        status, answer = await node.http("GET", "/api/v1/me", token=devices[0].token)
        assert (status, answer["error"]["code"]) == (401, "auth.revoked")
    assert await other.ask("time.get")
    again = [await node.connected("fan") for node in two_nodes]
    await there.ok("POST", "/api/v1/users/fan/disconnect")
    for device in again:
        assert (await device.received("session.closing"))["reconnect"] is True


async def test_a_room_is_emptied_on_every_node(two_nodes: list[RunningHub]) -> None:
    live = await room(two_nodes[0])
    viewers = [await joined(node, live, f"fan-{number}") for number, node in enumerate(two_nodes)]
    host = await opened(two_nodes[1], live, "creator", "creator")

    await two_nodes[0].ok("POST", f"/api/v1/conversations/{live}/evict", {"reason": "event_over"}, token=host.token)

    for person in (*viewers, host):
        assert await person.received("conversation.left") == {"conversation_id": live, "reason": "event_over"}


async def test_without_redis_a_room_goes_on_and_heals_when_it_is_back(sqlite_url: str, start_hub: Any) -> None:
    with running_redis() as server:
        settings = make_settings(sqlite_url, redis_url=server.url)
        nodes = [await start_hub(settings) for _ in range(2)]
        for node in nodes:
            node.hub.services.audience.every_seconds = 0.1
        live = await room(nodes[0])
        here, there = [await joined(node, live, f"fan-{number}") for number, node in enumerate(nodes)]
        await here.received("live.viewers", lambda told: told["viewers"] == 2)

        await in_thread(server.stop)
        late = await joined(nodes[0], live, "late")
        await say(late, live, "while it is away")
        await caught_up(here, live, 1)
        await here.received("live.viewers", lambda told: told["viewers"] == 3)  # the others as they were last known
        await in_thread(server.start)

        await there.received("conversation.resync")
        (result,) = (await there.ask("conversation.sync", cursors=[{"conversation_id": live, "rev": 0}]))["results"]
        assert [change["message"]["body"] for change in result["changes"]] == ["while it is away"]
        await there.received("live.viewers", lambda told: told["viewers"] == 3)
        for person in (here, there, late):
            await person.disconnect()
        for node in nodes:
            await node.stop()


async def in_thread(call: Callable[[], object]) -> None:
    await asyncio.get_running_loop().run_in_executor(None, call)
