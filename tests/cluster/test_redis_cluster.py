"""A Redis Cluster of three: rooms are spread, and slots may move, or a server go, while nodes talk."""

import asyncio

from redis.crc import key_slot

from loadtests.redis import SLOTS, RedisServer
from tests.cluster.nodes import ROOM, Node, eventually, nodes

ROOMS = [f"conversation:{n}" for n in range(300)]


def seeds(servers: list[RedisServer]) -> str:
    return "redis+cluster://" + ",".join(f"127.0.0.1:{server.port}" for server in servers)


def move_slot(slot: int, servers: list[RedisServer]) -> int:
    """Gives an empty slot to another server, as resharding does; the index of the new owner."""
    old = slot * len(servers) // SLOTS
    new = (old + 1) % len(servers)
    ids = []
    for server in servers:
        with server.client() as client:
            ids.append(client.execute_command("CLUSTER MYID"))
    with servers[new].client() as client:
        client.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", ids[old])
    with servers[old].client() as client:
        client.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", ids[new])
    for index in (new, old, 3 - new - old):
        with servers[index].client() as client:
            client.execute_command("CLUSTER SETSLOT", slot, "NODE", ids[new])
    return new


async def say_everywhere(speaker: Node, hearer: Node, revs: range) -> None:
    for rev in revs:
        for room in ROOMS:
            speaker.say(rev, room=room)
    await hearer.until(lambda: len(hearer.frames) == len(ROOMS) * len(revs))
    for room in ROOMS:
        assert [frame.rev for where, frame in hearer.frames if where == room] == list(revs)


async def test_rooms_are_spread_over_the_cluster(redis_cluster: list[RedisServer]) -> None:
    async with nodes(seeds(redis_cluster)) as (here, there):
        assert here.bus.up
        await there.listens(*ROOMS)
        await say_everywhere(here, there, range(10))
        for server in redis_cluster:
            with server.client() as client:
                channels = client.execute_command("PUBSUB SHARDCHANNELS", "hub:room:*")
            assert len(channels) > len(ROOMS) / 5
        assert there.broken == []


async def test_a_cluster_is_recognized_by_one_of_its_servers(redis_cluster: list[RedisServer]) -> None:
    async with nodes(redis_cluster[1].url) as (here, there):
        await there.listens(*ROOMS)
        await say_everywhere(here, there, range(2))


async def test_a_slot_that_moves_takes_its_rooms_along(redis_cluster: list[RedisServer]) -> None:
    async with nodes(seeds(redis_cluster)) as (here, there):
        await there.listens(ROOM, *ROOMS[100:])
        here.say(1)
        await there.until(lambda: there.frames)
        new = move_slot(key_slot(f"hub:room:{ROOM}".encode()), redis_cluster)
        await there.until(lambda: ROOM in there.broken, 5)
        await there.bus.listening(ROOM)
        with redis_cluster[new].client() as client:
            await eventually(lambda: f"hub:room:{ROOM}" in client.execute_command("PUBSUB SHARDCHANNELS", "hub:room:*"))
        rev = 1
        while there.revs[-1] == 1:  # until the publisher, too, knows the new owner
            here.say(rev := rev + 1)
            await asyncio.sleep(0.05)
        here.say(*range(100, 200))
        await there.until(lambda: there.revs[-1] == 199)
        assert there.revs == sorted(set(there.revs))  # type: ignore[type-var]
        await eventually(lambda: here.bus.suspects == 0)
        assert set(there.broken) == {ROOM}  # nobody else was disturbed


async def test_moving_the_slot_of_an_echo_disturbs_nobody_else(redis_cluster: list[RedisServer]) -> None:
    async with nodes(seeds(redis_cluster)) as (here, there):
        await there.listens(*ROOMS)
        listener = next(iter(there.bus._shards._shards.values())).listener
        echo = listener._echo
        move_slot(key_slot(echo), redis_cluster)
        await eventually(lambda: listener._echo != echo)
        await eventually(lambda: there.bus.up)
        await say_everywhere(here, there, range(2))


async def test_a_lost_server_leaves_the_rooms_of_the_others_alone(redis_cluster: list[RedisServer]) -> None:
    async with nodes(seeds(redis_cluster)) as (here, there):
        with redis_cluster[0].client() as client:
            client.config_set("cluster-require-full-coverage", "no")
        with redis_cluster[1].client() as client:
            client.config_set("cluster-require-full-coverage", "no")
        await there.listens(*ROOMS)
        redis_cluster[2].stop()
        await eventually(lambda: not there.bus.up)
        alive = [room for room in ROOMS if key_slot(f"hub:room:{room}".encode()) < 2 * SLOTS // 3]
        for room in ROOMS:
            here.say(1, room=room)
        await there.until(lambda: len(there.frames) >= len(alive))
        assert {room for room, _ in there.frames} == set(alive)
        assert here.bus.suspects > 0
