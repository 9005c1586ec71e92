"""`hub serve --workers N`: processes that share a port and hear each other, for stock clients that begin by polling."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from loadtests.redis import running_redis
from tests.people import order_chat
from tests.processes import HubProcess
from tests.running import Person

WORKERS = ("serve", "--workers", "2", "--with-worker")
PEOPLE = 8


@pytest.fixture
async def hub(database_url: str) -> Any:
    with running_redis() as redis:
        hub = HubProcess(database_url, WORKERS, HUB_REDIS_URL=redis.url)
        await hub.start()
        yield hub
        await hub.close()


async def test_stock_clients_begin_by_polling_on_any_process_and_hear_each_other(hub: HubProcess) -> None:
    conversation_id = await order_chat(hub.base, hub.token("platform", "service"))
    people = [Person(hub.base, hub.token(user_id), user_id) for user_id in ("fan", "creator") * (PEOPLE // 2)]
    for person in people:
        await person.connect(transports=("polling", "websocket"))
        await person.ask("conversation.open", conversation_id=conversation_id)

    message = await people[0].send(conversation_id, "Bonjou")

    for person in people:
        heard = await person.received("message.new")
        assert heard["message"]["id"] == message["id"]
        await person.disconnect()
    assert await hub.terminate() == 0


async def test_a_process_that_was_killed_is_started_again(hub: HubProcess) -> None:
    before = hub.children()
    os.kill(before[0], signal.SIGKILL)
    async with asyncio.timeout(20):
        while set(now := hub.children()) == set(before) or len(now) < len(before):  # noqa: ASYNC110  (nobody tells)
            await asyncio.sleep(0.1)
    for _ in range(20):
        async with aiohttp.ClientSession() as http, http.get(f"{hub.base}/healthz") as answer:
            assert answer.status == 200
    assert await hub.terminate() == 0
    assert not [pid for pid in now if alive(pid)]


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
