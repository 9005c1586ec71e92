"""Two nodes on one Redis: order, once, only where somebody is, and nothing that is forged."""

import asyncio
import secrets

import redis

from hub.gateway import frames
from hub.gateway.bus import CloseRoom, Disconnect, Resync, Touch
from hub.gateway.frames import Priority
from hub.gateway.redis_wire import BODY, Codec, key_from
from loadtests.redis import RedisServer
from tests.cluster.nodes import ROOM, SECRET, Node, eventually, make_bus, nodes

MANY = 5_000


async def test_frames_of_a_publisher_arrive_once_in_order_and_as_they_were(redis_server: RedisServer) -> None:
    async with nodes(redis_server.url) as (here, there):
        await here.listens(ROOM)
        await there.listens(ROOM)
        sent = [
            frames.event("typing", {"n": n}, rev=n, skip_user="fàn", priority=Priority.RECEIPT, key="k:é")
            for n in range(2_000)
        ]
        for frame in sent:
            here.bus.publish(ROOM, frame)
        assert here.frames == [(ROOM, frame) for frame in sent]  # its own members have it at once
        await there.until(lambda: len(there.frames) >= len(sent))
        await there.bus.listening(ROOM)
        assert there.frames == [(ROOM, frame) for frame in sent]
        await eventually(lambda: here.bus.traffic.own == len(sent))
        assert len(here.frames) == len(sent)  # what Redis brought back was not delivered again


async def test_binary_attachments_pass_too(redis_server: RedisServer) -> None:
    async with nodes(redis_server.url) as (here, there):
        await there.listens(ROOM)
        here.bus.publish(ROOM, frames.message(b"\x00\xff\x07"))
        await there.until(lambda: there.frames)
        assert there.frames == [(ROOM, frames.message(b"\x00\xff\x07"))]


async def test_commands_reach_every_node_that_has_members(redis_server: RedisServer) -> None:
    given = [Disconnect("revoked", "s1"), Disconnect("banned"), CloseRoom("over"), Touch("c1"), Resync("c1"), Resync()]
    async with nodes(redis_server.url) as (here, there):
        await there.listens("user:é")
        for command in given:
            here.bus.command("user:é", command)
        await there.until(lambda: len(there.commands) == len(given))
        assert here.commands == there.commands == [("user:é", command) for command in given]


async def test_a_node_without_members_hears_nothing(redis_server: RedisServer) -> None:
    async with nodes(redis_server.url, 3) as (here, there, elsewhere):
        await there.listens(ROOM)
        await elsewhere.listens("conversation:2")
        here.say(*range(100))
        await there.until(lambda: len(there.frames) == 100)
        assert (elsewhere.bus.traffic.received, elsewhere.bus.traffic.unwanted, elsewhere.frames) == (0, 0, [])
        assert here.bus.traffic.own == 0  # not even its own come back


async def test_a_room_that_was_left_is_unsubscribed(redis_server: RedisServer) -> None:
    async with nodes(redis_server.url) as (here, there):
        await there.listens(ROOM, "conversation:2")
        there.bus.unwant(ROOM)
        with redis_server.client() as client:
            await eventually(lambda: client.pubsub_shardnumsub(f"hub:room:{ROOM}")[0][1] == 0)
        here.say(1)
        here.say(2, room="conversation:2")
        await there.until(lambda: there.frames)
        assert there.revs == [2]
        assert there.bus.traffic.unwanted == 0


async def test_who_leaves_and_comes_back_at_once_misses_nothing(redis_server: RedisServer) -> None:
    async with nodes(redis_server.url) as (here, there):
        await there.listens(ROOM)
        for rev in range(50):
            there.bus.unwant(ROOM)
            await there.listens(ROOM)
            here.say(rev)
            await there.until(lambda rev=rev: there.revs == list(range(rev + 1)))  # type: ignore[misc]


async def test_nodes_with_another_prefix_are_another_hub(redis_server: RedisServer) -> None:
    async with nodes(redis_server.url) as (here, there):
        stranger = Node(make_bus(redis_server.url, prefix="other"))
        await stranger.bus.start()
        await stranger.listens(ROOM)
        await there.listens(ROOM)
        here.say(1)
        await there.until(lambda: there.frames)
        assert stranger.frames == []
        await stranger.bus.stop()


async def test_five_thousand_rooms_at_once(redis_server: RedisServer) -> None:
    rooms = [f"conversation:{n}" for n in range(MANY)]
    async with nodes(redis_server.url) as (here, there):
        with redis_server.client() as client:
            before = client.info("commandstats").get("cmdstat_ssubscribe", {}).get("calls", 0)
            await there.listens(*rooms)
            assert client.info("commandstats")["cmdstat_ssubscribe"]["calls"] - before <= MANY / 400
        for n, room in enumerate(rooms):
            here.say(n, room=room)
        await there.until(lambda: len(there.frames) == MANY)
        assert {room for room, _ in there.frames} == set(rooms)
        assert there.broken == []


async def test_forged_truncated_and_garbled_payloads_are_dropped_and_counted(redis_server: RedisServer) -> None:
    channel = f"hub:room:{ROOM}".encode()
    genuine = Codec(key_from(SECRET), secrets.token_bytes(8))
    stranger = Codec(key_from("another secret"), secrets.token_bytes(8))
    frame = frames.event("message.new", {"body": "pay me"}, rev=1)
    good = genuine.frame(channel, frame)
    bad = [
        b"",
        b"garbage",
        secrets.token_bytes(BODY),
        secrets.token_bytes(5_000),
        stranger.frame(channel, frame),
        stranger.command(channel, Disconnect("forged")),
        stranger.suspect(channel, everything=True),
        genuine.frame(b"hub:room:conversation:2", frame),  # moved from another room
        good[:-1],
        good + b"!",
        good[:20] + bytes([good[20] ^ 1]) + good[21:],
        *(good[:length] for length in range(0, BODY + 10, 7)),
    ]
    async with nodes(redis_server.url) as (_here, there):
        await there.listens(ROOM)
        with redis.Redis(port=redis_server.port) as client:
            for payload in bad:
                client.execute_command("SPUBLISH", channel, payload)
            client.execute_command("SPUBLISH", channel, good)
        await there.until(lambda: there.frames)
        await asyncio.sleep(0)
        assert there.frames == [(ROOM, frame)]
        assert (there.commands, there.broken) == ([], [])
        assert there.bus.traffic.refused == len(bad)


async def test_what_a_node_of_another_version_has_signed_is_no_harm(redis_server: RedisServer) -> None:
    channel = f"hub:room:{ROOM}".encode()
    newer = Codec(key_from(SECRET), secrets.token_bytes(8))
    odd = [
        newer._signed(channel, b"\x02" + secrets.token_bytes(40)),  # version 2
        newer._signed(channel, b"\x01\x63" + bytes(21)),  # an unknown kind
        newer._signed(channel, b"\x01\x01\x00" + bytes(20) + b'{"type":"new_command"}'),
        newer._signed(channel, b"\x01\x00\x63" + bytes(20)),  # an unknown priority
        newer._signed(channel, b"\x01\x00\x00" + bytes(16) + b"\xff\xff\xff\xff"),  # lengths beyond the end
    ]
    async with nodes(redis_server.url) as (_here, there):
        await there.listens(ROOM)
        with redis.Redis(port=redis_server.port) as client:
            for payload in odd:
                client.execute_command("SPUBLISH", channel, payload)
            client.execute_command("SPUBLISH", channel, newer.frame(channel, frames.event("typing", {})))
        await there.until(lambda: there.frames)
        assert len(there.frames) == 1
        assert there.bus.traffic.refused == len(odd)


async def test_a_process_without_sockets_publishes(redis_server: RedisServer) -> None:
    worker = make_bus(redis_server.url)  # nobody subscribes to it
    await worker.start()
    async with nodes(redis_server.url, 1) as (gateway,):
        await gateway.listens(ROOM)
        worker.publish(ROOM, frames.event("message.new", {}, rev=1))
        await worker.stop()  # sends what waits
        await gateway.until(lambda: gateway.frames)
        assert gateway.revs == [1]
