"""Long-polling: what is wrong is a plain refusal, and everything that was sent is answered."""

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import make_settings
from tests.gateway.neighbours import Neighbours
from tests.logs import Logs
from tests.rawsocket import RawPoller
from tests.running import PATIENCE, RunningHub

BAD: dict[str, str | bytes] = {
    "text garbage": "garbage",
    "bad base64": "b!!!",
    "empty packets": "\x1e\x1e",
    "not UTF-8": b"4\xff\xfe",
    "JSONP of nothing": "d=",
}


@pytest.fixture
async def edge(sqlite_url: str, start_hub: Any) -> RunningHub:
    """A hub that does not wait long for pollers who have stopped polling."""
    running: RunningHub = await start_hub(make_settings(sqlite_url, drain_seconds=0.2))
    return running


async def test_a_garbage_post_is_refused_without_a_traceback(edge: RunningHub, quiet_logs: Logs) -> None:
    of = await Neighbours(edge).begin()
    wrong = {}
    for name, garbage in BAD.items():
        async with RawPoller(edge.base) as poller:
            await poller.connect(of.token)
            poller.gone = True
            status = await poller.post(garbage)
            if status != 400:
                wrong[name] = status
    assert (wrong, quiet_logs.alarms()) == ({}, [])
    await of.live_on()


async def test_a_post_to_a_session_that_has_ended_is_refused_without_a_traceback(edge: RunningHub) -> None:
    async with RawPoller(edge.base) as poller:
        await poller.connect(edge.token("fan", "fan"))
        poller.gone = True
        await poller.post("49")  # what is no packet ends the session
        assert await poller.post('421["time.get"]') == 400


async def test_an_oversized_post_is_refused_and_ends_the_session(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    async with RawPoller(edge.base) as poller:
        await poller.connect(of.token)
        poller.gone = True
        polling = asyncio.create_task(poller.poll())
        await of.creator.ask("time.get")  # the poll has arrived by now
        await of.creator.ask("time.get")
        assert await poller.post("4" + "x" * 100_001) == 413
        await polling
        assert await poller.post('421["time.get"]') == 400
    await of.live_on()


async def test_an_oversized_post_is_answered_also_when_nobody_polls(edge: RunningHub) -> None:
    async with RawPoller(edge.base) as poller:
        await poller.connect(edge.token("fan", "fan"))
        poller.gone = True
        async with asyncio.timeout(PATIENCE / 4):
            assert await poller.post("4" + "x" * 100_001) == 413


async def test_a_poller_talks_with_the_others(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    async with RawPoller(edge.base) as poller:
        await poller.connect(of.token)
        assert await poller.post("421" + json.dumps(["message.send", of.send()])) == 200
        acked = (await poller.until("431"))[-1]
        assert json.loads(acked[3:])[0]["success"]
        assert (await of.creator.received("message.new"))["message"]["body"] == "hello"


async def test_every_packet_of_a_large_batch_is_answered(edge: RunningHub) -> None:
    # A client that was offline flushes what it has buffered in one POST.
    of = await Neighbours(edge).begin()
    async with RawPoller(edge.base) as poller:
        await poller.connect(of.token)
        batch = "\x1e".join(f'42{number}["time.get"]' for number in range(100, 140))
        assert await poller.post(batch) == 200
        async with asyncio.timeout(PATIENCE / 4):
            packets = await poller.until("43139")
    assert [packet[:5] for packet in packets if packet.startswith("43")] == [f"43{n}" for n in range(100, 140)]


async def test_a_post_that_arrives_in_pieces_is_read_whole(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    async with RawPoller(edge.base) as poller:
        await poller.connect(of.token)
        body = ("421" + json.dumps(["message.send", of.send(body="y" * 8000)])).encode()
        where = urlsplit(edge.base)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        head = f"POST {poller.path} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body[:4000])
        await writer.drain()
        await of.creator.ask("time.get")  # the hub has seen the first half by now
        writer.write(body[4000:])
        assert b" 200 " in await asyncio.wait_for(reader.readline(), PATIENCE)
        writer.close()
        async with asyncio.timeout(PATIENCE / 4):
            acked = (await poller.until("431"))[-1]
        assert json.loads(acked[3:])[0]["data"]["message"]["body"] == "y" * 8000


async def test_a_stock_polling_client_gets_a_burst_of_messages(edge: RunningHub) -> None:
    conversation_id = await edge.order_chat()
    creator = await edge.connected("creator", "creator")
    fan = edge.person("fan")
    await fan.connect(transports=("polling",))
    await fan.ask("conversation.open", conversation_id=conversation_id)

    await asyncio.gather(*(creator.send(conversation_id, str(n)) for n in range(60)))

    await fan.until(lambda: len(fan.named("message.new")) == 60 or fan.named("disconnect"))
    assert [each["rev"] for each in fan.named("message.new")] == list(range(1, 61))
    await edge.stop_gateway()  # a stock polling client's own disconnect would wait for the next ping
