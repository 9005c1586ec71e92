"""Redis killed, restarted, held still, slow, full, cut off: whoever may have missed frames is told, and it goes on."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from hub.gateway import frames
from hub.gateway.bus import Disconnect
from hub.gateway.frames import Priority
from hub.gateway.redis_link import MOST_BYTES
from hub.gateway.redis_suspects import MOST_ROOMS
from loadtests.redis import RedisServer
from tests.cluster.nodes import ROOM, Node, eventually, nodes
from tests.doubles.wire import Wire, wire_to

OTHER = "conversation:2"


@asynccontextmanager
async def behind_a_wire(server: RedisServer) -> AsyncIterator[tuple[Node, Node, Wire]]:
    """A node with a direct link, and one behind a wire."""
    async with (
        wire_to(server.port) as wire,
        nodes(server.url, 1) as (here,),
        nodes(f"redis://127.0.0.1:{wire.port}", 1) as (there,),
    ):
        yield here, there, wire


async def in_thread(call: Callable[[], object]) -> None:
    await asyncio.get_running_loop().run_in_executor(None, call)


async def works_again(here: Node, there: Node) -> None:
    """Frames pass in both directions."""
    await here.listens(ROOM)
    await there.listens(ROOM)
    here.say(1_001)
    await there.until(lambda: 1_001 in there.revs)
    there.say(1_002)
    await here.until(lambda: 1_002 in here.revs)


async def test_a_killed_subscription_is_told_within_three_seconds(redis_server: RedisServer) -> None:
    async with nodes(redis_server.url) as (here, there):
        await here.listens(ROOM)
        await there.listens(ROOM, OTHER)
        with redis_server.client() as client:
            assert client.execute_command("CLIENT KILL TYPE pubsub") >= 2
        await there.until(lambda: set(there.broken) == {ROOM, OTHER}, 3)
        await here.until(lambda: set(here.broken) == {ROOM}, 3)
        await works_again(here, there)


async def test_a_killed_command_link_makes_what_was_under_way_suspect(redis_server: RedisServer) -> None:
    async with behind_a_wire(redis_server) as (here, there, wire):
        await here.listens(ROOM)
        wire.fall_silent()
        there.say(*range(20))
        there.bus.command(ROOM, Disconnect("revoked"))
        wire.cut()
        wire.speak()
        await here.until(lambda: here.broken == [ROOM] and here.commands, 4)
        await eventually(lambda: there.bus.suspects == 0)
        assert here.commands[-1] == (ROOM, Disconnect("revoked"))
        assert here.revs == sorted(set(here.revs))  # type: ignore[type-var]  # none twice


async def test_a_restarted_redis_heals_both_ways(own_redis: RedisServer) -> None:
    async with nodes(own_redis.url) as (here, there):
        await here.listens(ROOM)
        await there.listens(ROOM, OTHER)
        here.say(1)
        await there.until(lambda: there.revs == [1])
        await in_thread(own_redis.stop)
        await eventually(lambda: not here.bus.up and not there.bus.up)
        here.say(2, 3)
        here.bus.command(OTHER, Disconnect("revoked"))
        started = time.monotonic()
        await there.bus.listening(OTHER)
        assert time.monotonic() - started < 0.5  # nobody waits for a Redis that is away
        await in_thread(own_redis.start)
        await there.until(lambda: {ROOM, OTHER} <= set(there.broken), 4)
        await there.until(lambda: there.commands == [(OTHER, Disconnect("revoked"))])
        await works_again(here, there)
        assert 2 not in there.revs
        assert here.bus.suspects == 0


async def test_a_redis_that_stands_still_for_four_seconds(own_redis: RedisServer) -> None:
    async with nodes(own_redis.url) as (here, there):
        await there.listens(ROOM)
        os.kill(own_redis.pid, signal.SIGSTOP)
        try:
            here.say(*range(100))
            await asyncio.sleep(4)  # how long it stands still is the fact under test
        finally:
            os.kill(own_redis.pid, signal.SIGCONT)
        await there.until(lambda: ROOM in there.broken, 4)
        await works_again(here, there)
        assert there.revs == sorted(set(there.revs))  # type: ignore[type-var]  # none twice, none out of order


async def test_a_silent_subscription_is_found_by_its_echo(redis_server: RedisServer) -> None:
    async with behind_a_wire(redis_server) as (here, there, wire):
        await there.listens(ROOM)
        wire.fall_silent()
        here.say(1)
        await eventually(lambda: not there.bus.up, 4)
        wire.cut()
        wire.speak()
        await there.until(lambda: ROOM in there.broken, 4)
        await works_again(here, there)


async def test_a_slow_redis_loses_nothing_and_keeps_the_order(redis_server: RedisServer) -> None:
    async with behind_a_wire(redis_server) as (here, there, wire):
        wire.delay = 0.3
        await there.listens(ROOM)
        started = time.monotonic()
        here.say(*range(300))
        there.say(*range(300, 600))
        assert time.monotonic() - started < 0.5  # publishing waits for nobody
        await there.until(lambda: len(there.frames) == 600)
        assert [rev for rev in there.revs if rev is not None and rev < 300] == list(range(300))
        assert (there.broken, there.bus.suspects) == ([], 0)


async def test_who_waits_too_long_for_a_subscription_goes_on_and_is_healed(redis_server: RedisServer) -> None:
    async with behind_a_wire(redis_server) as (_here, there, wire):
        wire.fall_silent()
        started = time.monotonic()
        await there.listens(ROOM)
        assert time.monotonic() - started < 1.5
        wire.speak()
        await there.until(lambda: there.broken == [ROOM])


async def test_a_full_redis_does_not_stop_the_bus(own_redis: RedisServer) -> None:
    async with nodes(own_redis.url) as (here, there):
        await there.listens(ROOM)
        with own_redis.client() as client:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", "1")
            assert client.ping()
        here.say(*range(100))
        await there.until(lambda: there.revs == list(range(100)) or there.broken)
        with own_redis.client() as client:
            client.config_set("maxmemory", "0")
        await works_again(here, there)
        await eventually(lambda: here.bus.suspects == 0)


async def test_refused_publishes_make_their_rooms_suspect_until_they_are_told(own_redis: RedisServer) -> None:
    async with nodes(own_redis.url) as (here, there):
        await there.listens(ROOM, OTHER)
        with own_redis.client() as client:
            client.execute_command("ACL SETUSER", "default", "-spublish")
            here.say(1, 2)
            here.bus.publish(OTHER, frames.event("typing", {}, priority=Priority.TYPING))
            await eventually(lambda: here.bus.suspects == 1)  # nobody needs to be told of lost typing
            client.execute_command("ACL SETUSER", "default", "+spublish")
        await there.until(lambda: ROOM in there.broken, 6)
        await eventually(lambda: here.bus.suspects == 0)


async def test_more_lost_rooms_than_can_be_remembered_break_all(own_redis: RedisServer) -> None:
    async with nodes(own_redis.url) as (here, there):
        await there.listens("conversation:quiet")
        with own_redis.client() as client:
            client.execute_command("ACL SETUSER", "default", "-spublish")
            for n in range(MOST_ROOMS + 1):
                here.say(n, room=f"conversation:{n}")
            await eventually(lambda: here.bus.traffic.unconfirmed > MOST_ROOMS)
            client.execute_command("ACL SETUSER", "default", "+spublish")
        await there.until(lambda: "conversation:quiet" in there.broken, 6)
        await eventually(lambda: here.bus.suspects == 0)


async def test_the_memory_of_a_node_whose_redis_takes_nothing_is_bounded(redis_server: RedisServer) -> None:
    async with behind_a_wire(redis_server) as (here, there, wire):
        await here.listens(ROOM)
        wire.fall_silent()
        big = frames.event("message.new", {"body": "x" * 100_000}, rev=1)
        for _ in range(2 * MOST_BYTES // 100_000):
            there.bus.publish(ROOM, big)
        waiting = sum(shard.commands._bytes for shard in there.bus._shards._shards.values())
        assert waiting <= MOST_BYTES + 200_000
        assert there.bus.suspects == 1
        wire.cut()
        wire.speak()
        await here.until(lambda: ROOM in here.broken, 5)


async def test_a_node_starts_without_redis_and_joins_when_it_is_there(own_redis: RedisServer) -> None:
    await in_thread(own_redis.stop)
    async with nodes(own_redis.url) as (here, there):
        there.bus.want(ROOM)
        await there.bus.listening(ROOM)
        here.say(1)
        await in_thread(own_redis.start)
        await there.until(lambda: ROOM in there.broken, 6)
        await eventually(lambda: here.bus.up and here.bus.suspects == 0, 6)
        await works_again(here, there)


@pytest.mark.parametrize("pause", [0.0, 0.05, 0.3])
async def test_a_gap_is_always_followed_by_a_break(redis_server: RedisServer, pause: float) -> None:
    async with behind_a_wire(redis_server) as (here, there, wire):
        await there.listens(ROOM)
        published = 0
        said_before_break = [0]
        there.bus.on_break = lambda _rooms: said_before_break.append(published)
        for _ in range(5):
            for _ in range(20):
                published += 1
                here.say(published)
                await asyncio.sleep(0.002)
            wire.cut()
            await asyncio.sleep(pause)
        heard = len(there.revs)
        while len(there.revs) == heard:
            published += 1
            here.say(published)
            await asyncio.sleep(0.02)
        await eventually(lambda: there.bus._telling is None)
        assert there.revs == sorted(set(there.revs))  # type: ignore[type-var]
        missed = set(range(1, published + 1)) - {rev for rev in there.revs if rev}
        assert max(missed, default=0) <= said_before_break[-1]  # the last break came after the last loss
