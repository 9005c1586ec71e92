"""Workers in other processes are woken by Redis: what is stored here is handled there long before the next poll."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.bootstrap import Hub, bootstrap
from hub.gateway.bus import MemoryBus, Wake
from hub.gateway.wakes import WORKERS, Wakes
from hub.settings import Settings
from hub.worker import POLL_SECONDS
from loadtests.redis import RedisServer
from persistence import outbox
from persistence.uow import Signal
from tests.cluster.nodes import PATIENCE, nodes
from tests.cluster.two import settings_for, without_worker, worker_process

SOON = 0.3
"""Seconds; the next poll may be a whole one away."""


@asynccontextmanager
async def process(settings: Settings, *, with_worker: bool) -> AsyncIterator[Hub]:
    """What `hub worker` runs, or a process that only writes; in this process."""
    hub = bootstrap(settings)
    await hub.cluster.start()
    if with_worker:
        hub.wakes.follow()
        await hub.cluster.bus.listening(WORKERS)
    try:
        yield hub
    finally:
        hub.wakes.stop()
        await hub.cluster.stop()
        await hub.database.connections.close()


async def test_what_one_process_stores_wakes_the_worker_of_another(sqlite_url: str, redis_server: RedisServer) -> None:
    settings = settings_for(sqlite_url, redis_server.url)
    async with process(settings, with_worker=False) as writer, process(settings, with_worker=True) as worker:
        for signal in ("stored", "due"):
            waiting = asyncio.create_task(getattr(worker.database, signal).wait(PATIENCE))
            began = time.monotonic()
            getattr(writer.database, signal).set()
            assert await waiting
            assert time.monotonic() - began < SOON
        assert not await worker.database.stored.wait(0), "once is enough"


async def test_who_tells_is_not_woken_again_by_its_own_word(sqlite_url: str, redis_server: RedisServer) -> None:
    settings = settings_for(sqlite_url, redis_server.url)
    async with process(settings, with_worker=True) as first, process(settings, with_worker=True) as second:
        first.database.stored.set()
        assert await first.database.stored.wait(0.1)
        assert await second.database.stored.wait(PATIENCE)
        assert not await first.database.stored.wait(0.05)


async def test_many_signals_are_one_command(redis_server: RedisServer) -> None:
    async with nodes(redis_server.url) as (here, there):
        signals = {"stored": Signal(), "due": Signal()}
        wakes = Wakes(here.bus, signals)
        await there.listens(WORKERS)
        for _ in range(500):
            signals["stored"].set()
            signals["due"].set()
        await there.until(lambda: len(there.commands) >= 2)
        assert there.commands == [(WORKERS, Wake("due")), (WORKERS, Wake("stored"))]
        wakes.stop()


async def test_a_signal_that_a_newer_version_names_is_no_harm() -> None:
    signals = {"stored": Signal()}
    Wakes(MemoryBus(), signals).obey(Wake("of.the.future"))
    assert not await signals["stored"].wait(0)


async def test_an_event_is_handled_by_a_worker_process_before_its_poll(
    database_url: str, redis_server: RedisServer
) -> None:
    settings = settings_for(database_url, redis_server.url)
    async with without_worker(settings) as gateway, worker_process(settings):
        conversation_id = await gateway.order_chat()
        creator = await gateway.connected("creator", "creator")
        await creator.send(conversation_id, "is the worker there?")
        await _until_empty(gateway.hub)
        waits = []
        for number in range(6):
            began = time.monotonic()
            await creator.send(conversation_id, f"message {number}")
            await _until_empty(gateway.hub)
            waits.append(time.monotonic() - began)
            await asyncio.sleep(0.05)
        # By polling alone one of six would be quick by luck, and half of them would take half a second and more.
        assert sorted(waits)[len(waits) // 2] < SOON < POLL_SECONDS, waits


async def _until_empty(hub: Hub) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            async with hub.database.read() as connection:
                if (await outbox.backlog(connection))[0] == 0:
                    return
            await asyncio.sleep(0.01)
