"""Web Push against a judge that is not ours: npm's `web-push-testing` decrypts and checks the signature by itself."""

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.channels.base import Accepted, Gone, Rejected
from hub.channels.push import PushSender
from hub.channels.vapid import make_private_key, public_key
from tests.channels.conformance import yes
from tests.channels.pushing import PAYLOAD, PRIVATE_KEY, push, push_settings
from tests.running import PATIENCE

SERVER = Path(__file__).parents[2] / "hub" / "web" / "node_modules" / "web-push-testing" / "src" / "bin" / "server.js"
NODE = shutil.which("node")

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(NODE is None, reason="there is no Node.js here"),
    pytest.mark.skipif(not SERVER.is_file(), reason="run `make pages` first: no npm packages"),
]


class Judge:
    """The running server. All its endpoints take POST."""

    def __init__(self, base: str, session: aiohttp.ClientSession) -> None:
        self.base, self._session = base, session

    async def subscribe(self, key: str) -> dict[str, Any]:
        form = {"userVisibleOnly": "true", "applicationServerKey": key}
        async with self._session.post(f"{self.base}/subscribe", data=form) as response:
            return dict((await response.json())["data"])

    async def received(self, subscription: dict[str, Any]) -> list[Any]:
        wanted = {"clientHash": subscription["clientHash"]}
        async with self._session.post(f"{self.base}/get-notifications", data=wanted) as response:
            return [json.loads(each) for each in (await response.json())["data"]["messages"]]

    async def expire(self, subscription: dict[str, Any]) -> None:
        async with self._session.post(f"{self.base}/expire-subscription/{subscription['clientHash']}") as response:
            assert response.status == 200


@pytest.fixture
async def judge() -> AsyncIterator[Judge]:
    assert NODE is not None
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(NODE, str(SERVER), str(port), stdout=pipe, stderr=pipe)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            assert b"Server running" in await process.stdout.readline()
        async with aiohttp.ClientSession() as session:
            yield Judge(f"http://localhost:{port}", session)
    finally:
        process.kill()
        await process.communicate()


@pytest.fixture
async def sender(judge: Judge) -> AsyncIterator[PushSender]:
    made = PushSender(push_settings(judge.base, vapid_timeout_seconds=PATIENCE))
    yield made
    await made.close()


async def test_another_implementation_decrypts_what_we_encrypt(judge: Judge, sender: PushSender) -> None:
    subscription = await judge.subscribe(public_key(PRIVATE_KEY))

    for number in range(2):
        outcome = await sender.send(push(subscription, payload=b'{"n": %d}' % number), yes)
        assert isinstance(outcome, Accepted)
    assert isinstance(await sender.send(push(subscription, payload=PAYLOAD), yes), Accepted)

    assert await judge.received(subscription) == [{"n": 0}, {"n": 1}, json.loads(PAYLOAD)]


async def test_an_expired_subscription_is_gone(judge: Judge, sender: PushSender) -> None:
    subscription = await judge.subscribe(public_key(PRIVATE_KEY))
    await judge.expire(subscription)

    assert await sender.send(push(subscription), yes) == Gone("HTTP 410")


async def test_a_subscription_made_for_another_key_takes_nothing(judge: Judge, sender: PushSender) -> None:
    subscription = await judge.subscribe(public_key(make_private_key()))

    assert isinstance(await sender.send(push(subscription), yes), Rejected)  # it answers 400 where RFC 8292 has 403
