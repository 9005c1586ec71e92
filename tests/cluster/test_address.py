"""HUB_REDIS_URL in all its forms."""

import pytest
from redis.asyncio.connection import Connection, SSLConnection, UnixDomainSocketConnection

from hub.gateway.redis_address import parse
from hub.gateway.redis_link import Greeting, RedisAway
from loadtests.redis import RedisServer
from tests.cluster.nodes import ROOM, eventually, nodes


@pytest.mark.parametrize(
    ("url", "seeds", "kind"),
    [
        ("redis://localhost", [("localhost", 6379)], Connection),
        ("redis://[::1]:7000/2", [("::1", 7000)], Connection),
        ("rediss://redis.example.com:6380", [("redis.example.com", 6380)], SSLConnection),
        ("unix:///run/redis.sock?db=1", [("/run/redis.sock", 0)], UnixDomainSocketConnection),
        ("redis+cluster://one:1,two:2,three", [("one", 1), ("two", 2), ("three", 6379)], Connection),
        ("rediss+cluster://hub:p%40ss@one:1,two:2", [("one", 1), ("two", 2)], SSLConnection),
    ],
)
def test_every_form_is_understood(url: str, seeds: list[tuple[str, int]], kind: type) -> None:
    address = parse(url)

    assert list(address.seeds) == seeds
    assert address.kind is kind
    assert address.connection(address.seeds[0], "hub") is not None


def test_credentials_hold_for_all_servers_of_a_cluster() -> None:
    address = parse("redis+cluster://hub:p%40ss@one:1,two:2")

    assert (address.options["username"], address.options["password"]) == ("hub", "p@ss")


@pytest.mark.parametrize("url", ["http://localhost", "localhost:6379", ""])
def test_anything_else_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="Redis URL"):
        parse(url)


def test_a_server_without_sharded_channels_is_refused_with_the_version_it_needs() -> None:
    with pytest.raises(RedisAway, match=r"6\.2\.14 is too old.*7 or newer"):
        Greeting("6.2.14", "standalone", "master").check_version()
    Greeting("7.0.0", "standalone", "master").check_version()
    Greeting("10.1.2", "cluster", "master").check_version()


def test_a_replica_is_refused() -> None:
    with pytest.raises(RedisAway, match="replica"):
        Greeting("8.0.0", "standalone", "replica").check_master()


async def test_users_and_passwords_are_given_to_redis(own_redis: RedisServer) -> None:
    with own_redis.client() as client:
        client.execute_command("ACL SETUSER", "hub", "on", ">p@ss:w/rd", "~hub:*", "&hub:*", "+@all", "-@dangerous")
        client.execute_command("ACL SETUSER", "default", "off")
    good = f"redis://hub:p%40ss%3Aw%2Frd@127.0.0.1:{own_redis.port}"
    async with nodes(good) as (here, there), nodes(good.replace("rd@", "rong@"), 1) as (refused,):
        await there.listens(ROOM)
        here.say(1)
        await there.until(lambda: there.revs == [1])
        assert not refused.bus.up
        assert "invalid username-password" in str(refused.bus.trouble)


async def test_a_server_that_becomes_a_replica_is_left(own_redis: RedisServer) -> None:
    async with nodes(own_redis.url) as (here, there):
        await there.listens(ROOM)
        with own_redis.client() as client:
            client.replicaof("127.0.0.1", 1)
            await eventually(lambda: not here.bus.up and not there.bus.up)
            client.replicaof("NO", "ONE")  # type: ignore[arg-type]
        await there.until(lambda: there.broken == [ROOM])
