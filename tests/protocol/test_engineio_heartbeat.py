"""Engine.IO 4, the heartbeat: pings at the interval of the handshake, and the end of the silent."""

import asyncio
from itertools import pairwise
from time import monotonic

from tests.protocol.client import PING, PONG, Client
from tests.protocol.serving import PING_SECONDS, PONG_SECONDS

LIFE = PING_SECONDS + PONG_SECONDS
"""Of a session that never answers."""
EARLY, LATE = 0.1, 0.5
"""Timers may fire a little before, and a busy machine some time after."""


def assert_about(seconds: float, expected: float) -> None:
    assert expected - EARLY < seconds < expected + LATE


async def test_pings_come_by_polling_and_pongs_keep_the_session(engine: Client) -> None:
    session = await engine.poller()
    for _ in range(4):
        began = monotonic()
        assert (await session.get()).packets == [PING]
        assert_about(monotonic() - began, PING_SECONDS)
        assert (await session.post(PONG)).text == "ok"

    await session.post("4hello")
    assert await session.packets(1) == ["4hello"]


async def test_pings_come_by_websocket_and_pongs_keep_the_session(engine: Client) -> None:
    socket = await engine.websocket()
    for _ in range(4):
        began = monotonic()
        assert await socket.raw() == PING
        assert_about(monotonic() - began, PING_SECONDS)
        await socket.send(PONG)

    await socket.send("4hello")
    assert await socket.packet() == "4hello"


async def test_a_silent_poller_is_gone_after_interval_and_timeout(engine: Client) -> None:
    session = await engine.poller()

    await asyncio.sleep(LIFE + LATE)

    await session.gone()


async def test_a_poll_that_waits_for_a_silent_client_ends(engine: Client) -> None:
    session = await engine.poller()
    assert (await session.get()).packets == [PING]
    began = monotonic()

    await session.get()

    assert_about(monotonic() - began, PONG_SECONDS)
    await session.gone()


async def test_a_silent_websocket_is_closed_after_interval_and_timeout(engine: Client) -> None:
    socket = await engine.websocket()
    began = monotonic()

    await socket.closed()

    assert_about(monotonic() - began, LIFE)


async def test_a_pong_that_was_not_asked_for_is_passed_over(engine: Client) -> None:
    socket = await engine.websocket()

    await socket.send(PONG, PONG, "4hello")

    assert await socket.packet() == "4hello"


async def test_the_heartbeat_goes_on_after_an_upgrade(engine: Client) -> None:
    session = await engine.poller()
    socket = await engine.websocket(session.sid)
    await socket.send("2probe")
    assert await socket.raw() == "3probe"
    await socket.send("5")

    for _ in range(3):
        assert await socket.raw() == PING
        await socket.send(PONG)
    began = monotonic()
    await socket.closed()

    assert_about(monotonic() - began, LIFE)


async def test_newcomers_do_not_delay_the_pings_of_others(engine: Client) -> None:
    # A client gives up when no ping comes for interval and timeout together, however busy the server is.
    socket = await engine.websocket()
    newcomers = asyncio.create_task(arriving(engine))
    came = []
    for _ in range(5):
        assert await socket.raw() == PING
        came.append(monotonic())
        await socket.send(PONG)
    newcomers.cancel()

    gaps = [later - earlier for earlier, later in pairwise(came)]
    assert min(gaps) < PING_SECONDS + EARLY  # a busy machine may delay one, but not each


async def arriving(engine: Client) -> None:
    """Somebody new, again and again."""
    while True:
        await engine.websocket()
        await asyncio.sleep(0.02)
