"""A reader that asks and never reads is closed before its answers fill the memory, and freed."""

import asyncio
import json

from hub.gateway.rooms import user_room
from tests.gateway.neighbours import Neighbours
from tests.rawsocket import RawSocket
from tests.running import RunningHub

LONG = "\x01" * 8_000
"""Six characters of JSON each, so that a page of such messages is half a megabyte."""
QUESTIONS = 150


async def test_a_reader_that_never_reads_is_closed_and_freed(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    conversation_id = await edge.order_chat("glutton", "creator")
    writer = await edge.connected("creator", "creator")
    for number in range(11):
        await writer.send(conversation_id, f"{number}{LONG}")
    room = user_room("glutton")
    fanout = edge.hub.services.fanout

    async with RawSocket(edge.base, edge.token("glutton", "fan")) as glutton:
        (session,) = fanout.sessions(room)
        question = json.dumps(["conversation.sync", {"cursors": [{"conversation_id": conversation_id, "rev": 0}]}])
        for number in range(QUESTIONS):
            await glutton.say(f"42{number}{question}")
        waiting = 0
        async with asyncio.timeout(25):
            while fanout.has(room):
                waiting = max(waiting, session.outbox.size)
                await asyncio.sleep(0.05)

    assert waiting < 2_000_000
    assert session.outbox.size == 0
    await of.live_on()
