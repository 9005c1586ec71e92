"""What SIGTERM does: everybody is told, what was sent is acked, sockets close in portions with 4001, then it ends."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from typing import Any
from uuid import uuid4

import aiohttp

from hub.app import CLOSE_BATCH, RECONNECT_SPREAD_MS
from hub.gateway.rooms import user_room
from tests.conftest import make_settings
from tests.flows.story import conversation
from tests.people import order_chat
from tests.processes import HubProcess, hub_process
from tests.rawsocket import RawSocket
from tests.running import RunningHub

DRAINING = 4001
SENDS = 30


def wish(number: int, conversation_id: str) -> str:
    payload = {"conversation_id": conversation_id, "client_message_id": str(uuid4()), "body": f"{number}"}
    return f"42{number}" + json.dumps(["message.send", payload])


async def test_a_process_that_is_terminated_answers_says_why_and_ends_well(sqlite_url: str) -> None:
    async with hub_process(sqlite_url) as hub:
        conversation_id = await order_chat(hub.base, hub.token("platform", "service"))
        async with (
            RawSocket(hub.base, hub.token("fan", "fan")) as fan,
            RawSocket(hub.base, hub.token("creator")) as idle,
        ):
            for number in range(1, SENDS + 1):
                await fan.say(wish(number, conversation_id))
            terminated = asyncio.create_task(hub.terminate())

            acks = await fan.acks(SENDS)
            assert await fan.closed() == DRAINING
            assert await idle.closed() == DRAINING
            assert await terminated == 0

            assert [number for number, _ in acks] == list(range(1, SENDS + 1))
            acked = [answer["data"]["message"]["seq"] for _, answer in acks if answer["success"]]
            refused = {answer["error"]["code"] for _, answer in acks if not answer["success"]}
            assert acked == list(range(1, len(acked) + 1))
            assert refused <= {"server.draining"}
            for socket in (fan, idle):
                (draining,) = socket.named("session.draining")
                assert 0 <= draining["reconnect_in_ms"] <= RECONNECT_SPREAD_MS
                assert socket.named("session.closing") == [{"reason": "draining", "reconnect": True}]
        assert "Traceback" not in hub.logged()
        await hub.start()  # what was acked is there
        assert await _heads(hub, conversation_id) == len(acked)


async def _heads(hub: HubProcess, conversation_id: str) -> int:
    async with RawSocket(hub.base, hub.token("fan", "fan")) as fan:
        answer = await fan.ask("conversation.open", {"conversation_id": conversation_id})
    return int(answer["data"]["head"]["seq"])


async def test_the_close_frame_says_draining(edge: RunningHub) -> None:
    async with aiohttp.ClientSession() as http:
        socket = await http.ws_connect(f"{edge.base}/socket.io/?EIO=4&transport=websocket", autoclose=False)
        await socket.send_str("40" + json.dumps({"token": edge.token("fan", "fan")}))
        stopping: asyncio.Task[None] | None = None
        async with asyncio.timeout(10):
            while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
                if stopping is None and "session.ready" in message.data:
                    stopping = asyncio.create_task(edge.stop_gateway())
        assert (message.type, message.data, message.extra) == (aiohttp.WSMsgType.CLOSE, DRAINING, "draining")
        await socket.close()
        assert stopping is not None
        await stopping


async def test_meanwhile_it_is_not_ready_and_lets_nobody_in(edge: RunningHub) -> None:
    assert (await edge.http("GET", "/readyz", token=""))[0] == 200
    async with glutton(edge) as dawdler, RawSocket(edge.base) as waiting:
        stopping = asyncio.create_task(edge.stop_gateway())
        status, ready = await edge.http("GET", "/readyz", token="")
        assert (status, ready["ready"]) == (503, False)
        assert (await edge.http("GET", "/healthz", token=""))[0] == 200
        await waiting.say("40" + json.dumps({"token": edge.token("late", "fan")}))
        refused = json.loads((await waiting.frame("44"))[2:])
        assert refused["message"] == "server.draining"
        assert not stopping.done()
        assert await dawdler.closed() == DRAINING  # it reads at last, and gets all that waited
        assert dawdler.named("session.closing") == [{"reason": "draining", "reconnect": True}]
        await stopping


@asynccontextmanager
async def glutton(hub: RunningHub) -> AsyncIterator[RawSocket]:
    """Somebody who asks and does not read, so that what is for them waits in the hub."""
    conversation_id = await conversation(hub, "glutton")
    writer = await hub.connected("creator", "creator")
    for _ in range(10):
        await writer.send(conversation_id, "\x01" * 8_000)
    question = json.dumps(["conversation.history", {"conversation_id": conversation_id, "limit": 10}])
    async with RawSocket(hub.base, hub.token("glutton", "fan")) as socket:
        (session,) = hub.hub.services.fanout.sessions(user_room("glutton"))
        async with asyncio.timeout(10):
            for number in itertools.count(1):
                if session.outbox.blocked:
                    break
                await socket.say(f"42{number}{question}")
                await asyncio.sleep(0)
        yield socket


async def test_sockets_are_closed_in_portions(edge: RunningHub) -> None:
    async with AsyncExitStack() as stack:
        sockets = [RawSocket(edge.base, edge.token(f"fan{n % 7}", "fan")) for n in range(CLOSE_BATCH + 20)]
        for begin in range(0, len(sockets), 20):
            await asyncio.gather(*(stack.enter_async_context(each) for each in sockets[begin : begin + 20]))
        sessions = edge.hub.server.sessions
        assert len(sessions) == len(sockets)
        closing, stopping = [0], asyncio.create_task(edge.stop_gateway())
        everybody = asyncio.gather(*(each.closed() for each in sockets))
        while closing[-1] < len(sessions):
            await asyncio.sleep(0)
            closing.append(sum(each.closing for each in sessions))
        assert max(after - before for before, after in pairwise(closing)) <= CLOSE_BATCH
        assert set(await everybody) == {DRAINING}
        await stopping
        assert all(each.named("session.draining") for each in sockets)
        moments = {each.named("session.draining")[0]["reconnect_in_ms"] for each in sockets}
        assert len(moments) > len(sockets) // 2  # they do not come back all at once


async def test_a_peer_that_reads_nothing_delays_the_end_by_a_bounded_time(sqlite_url: str, start_hub: Any) -> None:
    hub: RunningHub = await start_hub(make_settings(sqlite_url, drain_seconds=1))
    async with glutton(hub):
        (session,) = hub.hub.services.fanout.sessions(user_room("glutton"))
        async with asyncio.timeout(8):
            await hub.stop_gateway()
        assert session.outbox.size == 0
        assert hub.hub.server.sessions == []
