"""What every Viewers promises, in memory and in Redis."""

from collections.abc import AsyncIterator, Callable

import pytest

from hub.gateway.redis_viewers import RedisViewers
from hub.gateway.viewers import MemoryViewers, Viewers
from loadtests.redis import RedisServer
from tests.cluster.nodes import eventually, make_bus


@pytest.fixture
async def nodes(redis_server: RedisServer) -> AsyncIterator[Callable[..., RedisViewers]]:
    """Makes the viewers of one node after another, all on one connection."""
    bus = make_bus(redis_server.url, prefix="viewers")
    await bus.start()
    await eventually(lambda: bus._shards.up)
    yield lambda **options: RedisViewers(bus._shards, "viewers", **options)
    await bus.stop()


@pytest.fixture(params=["memory", "redis"])
def viewers(request: pytest.FixtureRequest, nodes: Callable[[], RedisViewers]) -> Viewers:
    return MemoryViewers() if request.param == "memory" else nodes()


async def test_a_node_alone_gets_its_own_counts(viewers: Viewers) -> None:
    assert dict(await viewers.exchange({})) == {}
    assert dict(await viewers.exchange({"a": 3, "b": 1})) == {"a": 3, "b": 1}
    assert dict(await viewers.exchange({"a": 2, "b": 0})) == {"a": 2, "b": 0}
    assert dict(await viewers.exchange({"b": 5})) == {"b": 5}
    await viewers.exchange({"a": 0, "b": 0})


async def test_the_counts_of_all_nodes_are_added_up(nodes: Callable[[], RedisViewers]) -> None:
    first, second = nodes(), nodes()

    assert dict(await first.exchange({"room": 3})) == {"room": 3}
    assert dict(await second.exchange({"room": 4, "other": 1})) == {"room": 7, "other": 1}
    assert dict(await first.exchange({"room": 5})) == {"room": 9}
    assert dict(await second.exchange({"room": 0})) == {"room": 5}
    assert dict(await first.exchange({"room": 0})) == {"room": 0}


async def test_a_node_that_does_not_come_back_is_not_counted(nodes: Callable[..., RedisViewers]) -> None:
    dies, lives = nodes(lease_seconds=0.3), nodes(lease_seconds=60)
    await dies.exchange({"leased": 10})
    assert dict(await lives.exchange({"leased": 1})) == {"leased": 11}

    sums: list[int] = []
    while not sums or sums[-1] != 1:
        sums.append((await lives.exchange({"leased": 1}))["leased"])
        assert len(sums) < 100_000

    assert set(sums) == {11, 1}
    await lives.exchange({"leased": 0})
