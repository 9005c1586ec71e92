"""Presence on several nodes: one truth, told once, also when a node dies or Redis is away, full or empty."""

import asyncio
import os
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
import redis

from hub.gateway.redis_presence import RedisPresence
from hub.gateway.redis_teller import MOST_CHANGES
from hub.gateway.wire import PresenceState
from loadtests.redis import RedisServer
from tests.cluster.nodes import eventually, presence_node
from tests.doubles.wire import wire_to

LEASE, BEAT = 0.6, 0.15
"""Short, so that a death is soon over; one test has the real ones."""


class Node:
    """A store, and what it has announced: (user, status)."""

    def __init__(self, store: RedisPresence) -> None:
        self.store = store
        self.told: list[tuple[str, str]] = []
        self.last_seen: str | None = None
        store.on_change = self._on_change

    async def _on_change(self, state: PresenceState) -> None:
        self.told.append((state.user_id, state.status))
        self.last_seen = state.last_seen

    async def status(self, user_id: str) -> str:
        (state,) = await self.store.states([user_id])
        return state.status

    async def shows(self, user_id: str, status: str, seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while await self.status(user_id) != status:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def die(self) -> None:
        """Stops beating, and tells nobody."""
        for task in self.store._tasks:
            task.cancel()


@asynccontextmanager
async def two(url: str, grace: float = 0.05) -> AsyncIterator[tuple[Node, Node]]:
    prefix = uuid4().hex
    async with (
        presence_node(url, prefix=prefix, grace=grace, lease=LEASE, beat=BEAT) as one,
        presence_node(url, prefix=prefix, grace=grace, lease=LEASE, beat=BEAT) as other,
    ):
        yield Node(one), Node(other)


async def in_thread(call: Callable[[], object]) -> None:
    await asyncio.get_running_loop().run_in_executor(None, call)


async def test_a_person_is_online_while_any_node_holds_them_and_it_is_told_once(redis_server: RedisServer) -> None:
    async with two(redis_server.url) as (here, there):
        await here.store.arrived("fan", "a")
        await there.shows("fan", "online")
        await there.store.arrived("fan", "b")
        await here.store.left("fan", "a")
        await here.store.arrived("other", "x")  # told after the fan's leaving, so that has been dealt with
        await there.shows("other", "online")
        assert await here.status("fan") == await there.status("fan") == "online"
        await there.store.left("fan", "b")
        await here.shows("fan", "offline")
        assert sorted(here.told + there.told) == [("fan", "offline"), ("fan", "online"), ("other", "online")]
        (state,) = await here.store.states(["fan"])
        assert state.last_seen is not None


async def test_a_reload_that_lands_on_another_node_is_told_to_nobody(redis_server: RedisServer) -> None:
    async with two(redis_server.url, grace=0.3) as (here, there):
        await here.store.arrived("fan", "a")
        await there.shows("fan", "online")
        await here.store.left("fan", "a")
        await there.store.arrived("fan", "b")
        await eventually(lambda: "fan" not in here.store._here)  # the grace period is over
        await here.store._teller.until_told()
        assert await here.status("fan") == "online"
        assert (here.told, there.told) == ([("fan", "online")], [])


async def test_what_was_chosen_on_one_node_shows_on_all(redis_server: RedisServer) -> None:
    async with two(redis_server.url) as (here, there):
        await here.store.arrived("fan", "a")
        await there.store.arrived("fan", "b")
        await here.store.choose("fan", "busy")
        await there.shows("fan", "busy")
        await there.store.choose("fan", "invisible")
        await here.shows("fan", "offline")
        (state,) = await here.store.states(["fan"])
        assert state.last_seen is not None
        await here.store.left("fan", "a")
        await there.store.left("fan", "b")
        await eventually(lambda: not here.store._here and not there.store._here)
        await there.store.arrived("fan", "c")  # a new visit begins as usual
        await here.shows("fan", "online")


async def test_the_people_of_a_dead_node_go_offline_once_and_in_batches(redis_server: RedisServer) -> None:
    async with two(redis_server.url) as (here, there):
        people = [f"fan-{n}" for n in range(1_000)]
        for user_id in people:
            await there.store.arrived(user_id, "s")
        await here.store.arrived("fan-0", "elsewhere")
        await there.store._teller.until_told()
        await here.store._teller.until_told()
        there.die()
        await eventually(lambda: len(here.told) >= len(people) - 1)
        await here.shows("fan-999", "offline")
        offline = [user_id for user_id, status in here.told if status == "offline"]
        assert sorted(offline) == sorted(people[1:])
        assert await here.status("fan-0") == "online"
        assert here.last_seen is not None
        there.store._tasks.clear()


async def test_a_node_that_stood_still_longer_than_its_lease_brings_its_people_back(redis_server: RedisServer) -> None:
    async with two(redis_server.url) as (here, there):
        await there.store.arrived("fan", "a")
        await there.store.choose("fan", "away")
        await here.shows("fan", "away")
        there.die()
        await eventually(lambda: ("fan", "offline") in here.told)
        await asyncio.gather(*there.store._tasks, return_exceptions=True)
        there.store._tasks.clear()
        await there.store.start()
        await here.shows("fan", "away")
        await asyncio.sleep(2 * LEASE)  # nothing of its former life is left to be cleared away
        assert await here.status("fan") == "away"


async def test_a_redis_that_forgot_everything_is_told_anew(own_redis: RedisServer) -> None:
    async with two(own_redis.url) as (here, there):
        await here.store.arrived("fan", "a")
        await there.store.arrived("other", "b")
        await there.store.choose("other", "busy")
        await there.shows("fan", "online")
        await in_thread(own_redis.stop)
        await in_thread(own_redis.start)
        await there.shows("fan", "online")
        await here.shows("other", "busy")


async def test_while_redis_is_away_each_node_shows_its_own_people(own_redis: RedisServer) -> None:
    async with two(own_redis.url) as (here, there):
        for user_id in ("stays", "leaves"):
            await here.store.arrived(user_id, "a")
            await there.shows(user_id, "online")
        await there.store.arrived("everywhere", "a")
        await here.store.arrived("everywhere", "b")
        await here.store._teller.until_told()
        await in_thread(own_redis.stop)
        await here.store.left("leaves", "a")
        await here.store.left("everywhere", "b")
        await here.store.arrived("comes", "c")
        await eventually(lambda: {("leaves", "offline"), ("comes", "online")} <= set(here.told))
        assert [await here.status(each) for each in ("stays", "leaves", "comes")] == ["online", "offline", "online"]
        here.told.clear()
        there.told.clear()
        await in_thread(own_redis.start)
        await there.shows("comes", "online")
        await there.shows("leaves", "offline")
        await there.shows("stays", "online")
        await there.shows("everywhere", "online")
        # It was shown as offline here; whoever told Redis last, tells everybody.
        await eventually(lambda: ("everywhere", "online") in here.told + there.told)


async def test_a_full_redis_leaves_each_node_with_what_it_knows(own_redis: RedisServer) -> None:
    async with two(own_redis.url) as (here, there):
        with own_redis.client() as client:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", "1")
        await here.store.arrived("fan", "a")
        await eventually(lambda: here.told == [("fan", "online")])
        assert await here.status("fan") == "online"
        with own_redis.client() as client:
            client.config_set("maxmemory", "0")
        await there.shows("fan", "online")


async def test_a_change_whose_answer_was_lost_is_still_announced(redis_server: RedisServer) -> None:
    prefix = uuid4().hex
    async with (
        wire_to(redis_server.port) as wire,
        presence_node(f"redis://127.0.0.1:{wire.port}", prefix=prefix) as behind,
        presence_node(redis_server.url, prefix=prefix) as store,
    ):
        here, there = Node(behind), Node(store)
        await here.store.arrived("fan", "a")
        await there.shows("fan", "online")
        wire.loses_answers = True
        await here.store.choose("fan", "busy")
        await there.shows("fan", "busy")  # Redis has carried it out
        await eventually(lambda: here.told.count(("fan", "busy")) == 1)  # for the sessions here
        wire.loses_answers = False
        wire.cut()
        await eventually(lambda: here.told.count(("fan", "busy")) == 2)  # for the other nodes, which had not heard it


async def test_more_changes_than_can_wait_are_made_good(own_redis: RedisServer) -> None:
    async with two(own_redis.url) as (here, there):
        await here.store.arrived("fan", "a")
        await here.store.arrived("leaves", "a")
        await there.shows("leaves", "online")
        await in_thread(own_redis.stop)
        await here.store.left("leaves", "a")
        await eventually(lambda: "leaves" not in here.store._here)
        for n in range(MOST_CHANGES + 1):
            await here.store.choose("fan", "busy" if n % 2 else "away")
        assert len(here.store._teller._waiting) < MOST_CHANGES
        await in_thread(own_redis.start)
        await there.shows("fan", "away")
        await there.shows("leaves", "offline")


async def test_what_others_write_into_redis_does_no_harm(redis_server: RedisServer) -> None:
    prefix = uuid4().hex
    garbage = secrets.token_bytes(40)
    with redis.Redis(port=redis_server.port) as client:
        client.hset(f"{prefix}:person:odd", mapping={"shown": garbage, "seen": b"9" * 40, garbage: garbage})
        client.set(f"{prefix}:person:wrong", "not a hash")
        client.zadd(f"{prefix}:nodes", {garbage: 1})
        client.sadd(f"{prefix}:node:{garbage.decode(errors='replace')}", garbage, "odd")
    async with presence_node(redis_server.url, prefix=prefix, lease=LEASE, beat=BEAT) as store:
        node = Node(store)
        (odd,) = await store.states(["odd"])
        assert (odd.status, odd.last_seen) == ("offline", None)
        assert await node.status("wrong") == "offline"
        await store.arrived("fan", "a")
        await node.shows("fan", "online")
        await eventually(lambda: store._teller.registered)


async def test_a_cluster_of_redis_servers_holds_presence(redis_cluster: list[RedisServer]) -> None:
    async with two(redis_cluster[0].url) as (here, there):
        people = [f"fan-{n}" for n in range(100)]
        for user_id in people:
            await here.store.arrived(user_id, "s")
        await there.shows("fan-99", "online")
        assert {state.status for state in await there.store.states(people)} == {"online"}
        here.die()
        await eventually(lambda: len(there.told) == len(people))
        assert {state.status for state in await there.store.states(people)} == {"offline"}
        here.store._tasks.clear()


@pytest.mark.parametrize("people", [500])
async def test_a_killed_process_disappears_within_fifteen_seconds(redis_server: RedisServer, people: int) -> None:
    arguments = ("-m", "tests.cluster.presence_process", redis_server.url, str(people))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    async with presence_node(redis_server.url) as store:
        watcher = Node(store)
        assert process.stdout is not None
        assert (await asyncio.wait_for(process.stdout.readline(), 20)).strip() == b"ready"
        assert await watcher.status("fan-7") == "online"
        os.kill(process.pid, signal.SIGKILL)
        killed = time.monotonic()
        await process.wait()
        await eventually(lambda: len(watcher.told) == people, 15)
        assert time.monotonic() - killed < 15
        assert set(watcher.told) == {(f"fan-{n}", "offline") for n in range(people)}
