"""Who looks at a conversation on one node is known to a worker without sockets, for as long as the node lives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from hub.gateway.attention import SessionAttention
from hub.gateway.fanout import Fanout
from hub.gateway.redis_attention import RedisAttention
from hub.gateway.redis_presence import RedisPresence
from loadtests.redis import RedisServer
from tests.cluster.nodes import eventually, presence_node

LEASE, BEAT = 0.6, 0.15


class Desk(SessionAttention):
    """The focus of sessions as a test sets it."""

    def __init__(self) -> None:
        super().__init__(Fanout())
        self.focus: dict[str, set[str]] = {}

    def looked_at(self, user_id: str) -> set[str]:
        return self.focus.get(user_id, set())


class Gateway:
    def __init__(self, store: RedisPresence) -> None:
        self.store = store
        self.desk = Desk()
        self.attention = RedisAttention(self.desk, store, store._people)

    def shows(self, user_id: str, *conversations: str) -> None:
        self.desk.focus[user_id] = set(conversations)
        self.attention.changed(user_id)


@asynccontextmanager
async def gateway_and_worker(url: str) -> AsyncIterator[tuple[Gateway, RedisAttention]]:
    prefix = uuid4().hex
    async with (
        presence_node(url, prefix=prefix, lease=LEASE, beat=BEAT) as gateway,
        presence_node(url, prefix=prefix, lease=LEASE, beat=BEAT) as worker,
    ):
        yield Gateway(gateway), RedisAttention(Desk(), worker, worker._people)


async def until(attention: RedisAttention, user_id: str, conversation_id: str, *, looking: bool) -> None:
    async with asyncio.timeout(10):
        while await attention.is_looking(user_id, conversation_id) is not looking:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_worker_knows_who_looks_at_what(redis_server: RedisServer) -> None:
    async with gateway_and_worker(redis_server.url) as (gateway, worker):
        await gateway.store.arrived("fan", "s")
        assert not await worker.is_looking("fan", "c1")
        gateway.shows("fan", "c1", "c2")
        await until(worker, "fan", "c1", looking=True)
        assert await worker.is_looking("fan", "c2")
        assert not await worker.is_looking("fan", "c")
        assert not await worker.is_looking("other", "c1")
        gateway.shows("fan", "c2")
        await until(worker, "fan", "c1", looking=False)
        gateway.shows("fan")
        await until(worker, "fan", "c2", looking=False)


async def test_whoever_left_looks_at_nothing(redis_server: RedisServer) -> None:
    async with gateway_and_worker(redis_server.url) as (gateway, worker):
        await gateway.store.arrived("fan", "s")
        gateway.shows("fan", "c1")
        await until(worker, "fan", "c1", looking=True)
        gateway.shows("fan")
        await gateway.store.left("fan", "s")
        await until(worker, "fan", "c1", looking=False)


async def test_nobody_looks_on_a_dead_node(redis_server: RedisServer) -> None:
    async with gateway_and_worker(redis_server.url) as (gateway, worker):
        await gateway.store.arrived("fan", "s")
        gateway.shows("fan", "c1")
        await until(worker, "fan", "c1", looking=True)
        for task in gateway.store._tasks:
            task.cancel()
        await until(worker, "fan", "c1", looking=False)
        gateway.store._tasks.clear()


async def test_when_redis_is_away_only_the_own_sessions_count(own_redis: RedisServer) -> None:
    async with gateway_and_worker(own_redis.url) as (gateway, worker):
        await gateway.store.arrived("fan", "s")
        gateway.shows("fan", "c1")
        await until(worker, "fan", "c1", looking=True)
        await asyncio.get_running_loop().run_in_executor(None, own_redis.stop)
        assert not await worker.is_looking("fan", "c1")  # when unsure: no
        assert await gateway.attention.is_looking("fan", "c1")
        await asyncio.get_running_loop().run_in_executor(None, own_redis.start)
        await until(worker, "fan", "c1", looking=True)
        await eventually(lambda: gateway.store._teller.registered)
