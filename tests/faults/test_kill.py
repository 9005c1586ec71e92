"""The process is killed or stopped in the middle of sending: nothing acknowledged is lost, nothing is doubled."""

import asyncio
import time

import socketio

from tests.faults.chatter import Chatter
from tests.processes import hub_process

ROUNDS = 2


async def test_kill_9_loses_nothing_acknowledged_and_doubles_nothing(database_url: str) -> None:
    async with hub_process(database_url) as hub:
        chatter = await Chatter.on(hub)
        for _ in range(ROUNDS):
            talking = asyncio.create_task(chatter.talk())
            await chatter.until_acked(chatter.acked + 60)

            await hub.kill()
            await talking
            assert any(client.outbox for client in chatter.clients), "nothing was under way"
            await hub.start()
            await chatter.come_back()

            await chatter.check()
        await chatter.close()


async def test_sigterm_answers_or_ends_every_send_and_stores_what_it_acked(database_url: str) -> None:
    async with hub_process(database_url) as hub:
        chatter = await Chatter.on(hub)
        talking = asyncio.create_task(chatter.talk())
        await chatter.until_acked(60)

        began = time.monotonic()
        assert await hub.terminate() == 0
        assert time.monotonic() - began < 6
        async with asyncio.timeout(5):
            await talking

        await hub.start()
        await chatter.come_back()
        await chatter.check()
        await chatter.close()


async def test_sigterm_with_nobody_connected_ends_at_once(sqlite_url: str) -> None:
    async with hub_process(sqlite_url) as hub:
        began = time.monotonic()

        assert await hub.terminate() == 0

        assert time.monotonic() - began < 3


async def test_sigterm_tells_the_sockets_when_to_come_back_and_why_they_are_closed(sqlite_url: str) -> None:
    async with hub_process(sqlite_url) as hub:
        heard: list[str] = []
        gone = asyncio.Event()
        client = socketio.AsyncClient(reconnection=False)
        client.on("*", lambda event, data: heard.append(f"{event} {data.get('reason', '')}".strip()))
        client.on("disconnect", lambda *_: gone.set())
        await client.connect(hub.base, auth={"token": hub.token("fan", "fan")}, transports=["websocket"])

        assert await hub.terminate() == 0
        async with asyncio.timeout(5):
            await gone.wait()

        assert heard[-2:] == ["session.draining", "session.closing draining"]
