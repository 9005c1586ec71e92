"""Hostile clients: people who do not read what they are sent, and people who vanish."""

import asyncio
import json
from time import monotonic
from typing import Any

from hub.chat.sender import SendMessage
from hub.gateway.outbox import STALL_SECONDS
from hub.gateway.rooms import conversation_room
from tests.conftest import make_settings
from tests.gateway.hostile import FREED_SECONDS, Hostile, Pulse, freed, no_connections_but, request
from tests.gateway.neighbours import Neighbours
from tests.protocol.rfc6455 import Ended, Wire
from tests.rawsocket import RawPoller
from tests.running import RunningHub

BODY = "y" * 8_000
MESSAGES = 260
"""Two megabytes of bodies."""
KERNEL_BYTES = 4_096
"""What a slow reader's kernel takes for it, so that the hub has to keep the rest."""


async def flood(hub: RunningHub, conversation_id: str) -> None:
    """Two megabytes of messages by the creator, faster than a person could send them."""
    of = {"conversation_id": conversation_id, "sender_id": "creator", "body": BODY}
    wishes = [SendMessage(**of, client_message_id=f"flood-{number}") for number in range(MESSAGES)]
    for some in range(0, MESSAGES, 20):
        await asyncio.gather(*(hub.hub.services.sender.send(wish) for wish in wishes[some : some + 20]))
        await asyncio.sleep(0)


async def next_rev(wire: Wire) -> int:
    """The number of the next message; badges and whatever else is told are passed over."""
    while not (came := await wire.message()).startswith(b'42["message.new"'):
        pass
    return int(json.loads(came[2:])[1]["rev"])


async def rest(wire: Wire) -> tuple[list[int], int | None]:
    """The numbers of the messages that still come, and the close code."""
    got: list[int] = []
    try:
        while True:
            got.append(await next_rev(wire))
    except Ended as ended:
        return got, ended.code


async def test_who_never_reads_is_closed_and_freed_and_nobody_else_notices(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    slow = await hostile.opened("fan", of.conversation_id, receive_buffer=KERNEL_BYTES)
    slow.transport.pause_reading()
    good = await hostile.opened("fan", of.conversation_id)

    async with Pulse(of.creator):
        await flood(edge, of.conversation_id)
        began = monotonic()
        revs = [await next_rev(good) for _ in range(MESSAGES)]
        await no_connections_but(edge, 2)
        assert monotonic() - began < FREED_SECONDS

    assert revs == list(range(1, MESSAGES + 1))
    assert edge.hub.services.fanout.count(conversation_room(of.conversation_id)) == 2
    assert of.creator.client.connected
    slow.abort()
    good.abort()
    await freed(edge, "fan")


async def test_a_slow_consumer_comes_back_and_syncs_what_it_missed(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    slow = await hostile.opened("fan", of.conversation_id, receive_buffer=KERNEL_BYTES)
    slow.transport.pause_reading()
    await flood(edge, of.conversation_id)
    await no_connections_but(edge, 1)

    slow.transport.resume_reading()
    got, code = await rest(slow)

    assert code in {4008, None}  # told, unless it was too late even for that
    assert got == list(range(1, len(got) + 1))
    assert len(got) < MESSAGES
    again = await hostile.opened("fan", of.conversation_id)
    cursors = {"cursors": [{"conversation_id": of.conversation_id, "rev": len(got)}]}
    again.send(request(2, "conversation.sync", cursors))
    while not (came := await again.message()).startswith(b"432["):
        pass
    (answer,) = json.loads(came.removeprefix(b"432"))
    (result,) = answer["data"]["results"]
    assert result["reset"] or result["changes"][0]["rev"] == len(got) + 1
    again.abort()


async def test_who_asks_and_never_reads_is_closed_and_freed(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    await flood(edge, of.conversation_id)
    glutton = await hostile.connected("fan", receive_buffer=KERNEL_BYTES)
    glutton.transport.pause_reading()
    cursors = {"cursors": [{"conversation_id": of.conversation_id, "rev": 0}]}

    async with Pulse(of.creator):
        glutton.send(*(request(number, "conversation.sync", cursors) for number in range(100)))
        await no_connections_but(edge, 1, seconds=2 * STALL_SECONDS + FREED_SECONDS)

    await freed(edge, "fan")
    glutton.abort()


async def test_who_stops_polling_is_closed_and_freed(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    async with RawPoller(edge.base) as poller:
        poller.gone = True
        await poller.connect(of.token)
        await poller.post("421" + json.dumps(["conversation.open", {"conversation_id": of.conversation_id}]))
        await poller.until("431")

        async with Pulse(of.creator):
            await flood(edge, of.conversation_id)
            await freed(edge, "fan")

        assert await poller.post('422["time.get"]') == 400
    await no_connections_but(edge, 1)


async def test_who_pings_and_never_reads_the_pongs_keeps_no_memory(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    pinger = await hostile.connected("pinger", receive_buffer=KERNEL_BYTES)
    pinger.transport.pause_reading()

    async with Pulse(of.creator):
        for _ in range(40):
            pinger.send((b"\x89\xfd\0\0\0\0" + b"x" * 125) * 1_000)
            await asyncio.sleep(0.005)

    kept = sum(_waiting(each) for each in edge.hub.server.eio.sockets.values())
    assert kept < 1_000_000
    pinger.abort()
    await freed(edge, "pinger")


def _waiting(connection: object) -> int:
    """Bytes that the transport of a connection keeps."""
    transport = connection.websocket._transport if connection.websocket is not None else None  # type: ignore[attr-defined]
    return 0 if transport is None else int(transport.get_write_buffer_size())


async def test_who_vanishes_with_a_reset_is_gone_at_once(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    wires = [await hostile.connected(f"gone-{number}") for number in range(50)]

    async with Pulse(of.creator):
        for wire in wires:
            wire.abort()
        await freed(edge, *(f"gone-{number}" for number in range(50)))

    await no_connections_but(edge, 1)
    await of.live_on()


async def test_who_vanishes_with_half_a_close_is_gone_at_once(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    wire = await hostile.connected("half")

    wire.transport.write_eof()

    await wire.end()
    await freed(edge, "half")
    await of.live_on()


async def test_a_hub_stops_in_time_although_somebody_does_not_read(sqlite_url: str, start_hub: Any) -> None:
    hub: RunningHub = await start_hub(make_settings(sqlite_url, drain_seconds=1))
    hostile = Hostile(hub)
    of = await Neighbours(hub).begin()
    slow = await hostile.opened("fan", of.conversation_id, receive_buffer=KERNEL_BYTES)
    slow.transport.pause_reading()
    wishes = [
        SendMessage(conversation_id=of.conversation_id, sender_id="creator", client_message_id=f"{number}", body=BODY)
        for number in range(40)
    ]
    await asyncio.gather(*(hub.hub.services.sender.send(wish) for wish in wishes))

    began = monotonic()
    await hub.stop_gateway()

    assert monotonic() - began < FREED_SECONDS
    slow.abort()
