"""Engine.IO 4, from long-polling to WebSocket: nothing lost, nothing twice, nothing out of order, and no way back."""

import asyncio

import pytest

from tests.protocol.client import NOOP, Client, Poller, Socket
from tests.protocol.patience import AT_ONCE

NO_PROBES: tuple[tuple[str | bytes, ...], ...] = (("5",), ("2",), ("4hello",), ("abc",), ("",), (b"2probe",), ("1",))


async def probing(engine: Client, session: Poller) -> Socket:
    """A WebSocket of the session whose probe was answered."""
    socket = await engine.websocket(session.sid)
    await socket.send("2probe")
    assert await socket.raw() == "3probe"
    return socket


async def upgraded(engine: Client) -> tuple[Poller, Socket]:
    """A session after its upgrade, with both ends."""
    session = await engine.poller()
    socket = await probing(engine, session)
    await socket.send("5")
    await socket.send("4moved")
    assert await socket.packet() == "4moved"
    return session, socket


async def polling_goes_on(session: Poller) -> None:
    """Asserts that the session still works by polling."""
    assert (await session.post("4still here")).status == 200
    while "4still here" not in (packets := await session.packet()):
        assert packets == [NOOP]


async def test_the_probe_ends_the_poll_that_waits_with_a_noop(engine: Client) -> None:
    session = await engine.poller()
    poll = await session.waiting()

    await probing(engine, session)

    assert (await poll).packets == [NOOP]


async def test_a_poll_after_the_probe_does_not_wait(engine: Client) -> None:
    session = await engine.poller()
    await probing(engine, session)

    async with asyncio.timeout(AT_ONCE):
        assert (await session.get()).packets == [NOOP]


@pytest.mark.parametrize("polls", [0, 1, 3])
async def test_no_noop_comes_by_websocket(engine: Client, polls: int) -> None:
    session = await engine.poller()
    socket = await probing(engine, session)
    for _ in range(polls):
        assert (await session.get()).packets == [NOOP]

    await socket.send("5", "4hello")

    assert await socket.packets(1) == ["4hello"]
    await socket.send("4again")
    assert await socket.packets(1) == ["4again"]


async def test_messages_before_during_and_after_the_upgrade_come_once_and_in_order(engine: Client) -> None:
    session = await engine.poller()
    await session.post("4one", "4two")
    socket = await engine.websocket(session.sid)
    await session.post("4three")
    await socket.send("2probe")
    assert await socket.raw() == "3probe"
    await session.post("4four", "bAQID")

    await socket.send("5", "4five", b"\x04")

    assert await socket.packets(7) == ["4one", "4two", "4three", "4four", b"\x01\x02\x03", "4five", b"\x04"]


async def test_what_a_poll_took_during_the_upgrade_does_not_come_again(engine: Client) -> None:
    session = await engine.poller()
    socket = await probing(engine, session)
    await session.post("4one", "4two")
    polled = (await session.get()).packets

    await socket.send("5", "4three")

    rest = [] if polled == [NOOP] else polled
    assert [*rest, *await socket.packets(3 - len(rest))] == ["4one", "4two", "4three"]


async def test_a_flood_during_the_upgrade_comes_once_and_in_order(engine: Client) -> None:
    session = await engine.poller()
    socket = await engine.websocket(session.sid)
    for number in range(0, 40, 4):
        await session.post(*(f"4{each}" for each in range(number, number + 4)))
    await socket.send("2probe")
    assert await socket.raw() == "3probe"

    await socket.send("5", *(f"4{each}" for each in range(40, 80)))

    assert await socket.packets(80) == [f"4{each}" for each in range(80)]


async def test_an_upgraded_session_takes_no_http_requests_and_goes_on(engine: Client) -> None:
    session, socket = await upgraded(engine)

    await session.gone()

    await socket.send("4hello")
    assert await socket.packet() == "4hello"


async def test_a_poll_that_comes_with_the_upgrade_packet_is_refused_or_empty(engine: Client) -> None:
    session = await engine.poller()
    socket = await probing(engine, session)
    await socket.send("5")

    late = await session.get()

    assert late.status == 400 or late.packets == [NOOP]
    await socket.send("4hello")
    assert await socket.packet() == "4hello"


async def test_a_second_websocket_of_an_upgraded_session_is_closed_and_the_first_goes_on(engine: Client) -> None:
    session, socket = await upgraded(engine)

    for _ in range(3):
        await engine.closed_websocket(session.sid)

    await socket.send("4hello")
    assert await socket.packet() == "4hello"


async def test_a_second_websocket_during_the_upgrade_is_closed_and_the_first_goes_on(engine: Client) -> None:
    session = await engine.poller()
    socket = await probing(engine, session)

    await engine.closed_websocket(session.sid)

    await socket.send("5", "4hello")
    assert await socket.packet() == "4hello"


@pytest.mark.parametrize("packets", NO_PROBES)
async def test_a_websocket_that_does_not_probe_is_closed_and_polling_goes_on(
    engine: Client, packets: tuple[str | bytes, ...]
) -> None:
    session = await engine.poller()
    socket = await engine.websocket(session.sid)

    await socket.send(*packets)

    await socket.closed()
    await polling_goes_on(session)


@pytest.mark.parametrize("probed", [False, True])
async def test_polling_goes_on_when_an_upgrade_is_given_up(engine: Client, *, probed: bool) -> None:
    session = await engine.poller()
    socket = await (probing(engine, session) if probed else engine.websocket(session.sid))

    socket.abort()
    await asyncio.sleep(0.02)

    await polling_goes_on(session)
    again = await probing(engine, session)
    await again.send("5", "4hello")
    assert await again.packet() == "4hello"


async def test_polling_goes_on_beside_an_upgrade_that_never_finishes(engine: Client) -> None:
    session = await engine.poller()
    await engine.websocket(session.sid)

    for _ in range(3):
        await polling_goes_on(session)


async def test_a_session_that_ends_takes_its_unfinished_upgrade_with_it(engine: Client) -> None:
    session = await engine.poller()
    socket = await probing(engine, session)

    await session.post("1")

    await socket.closed()
    await session.gone()


async def test_the_end_of_the_websocket_is_the_end_of_an_upgraded_session(engine: Client) -> None:
    for leave in ("1", "abort"):
        session, socket = await upgraded(engine)
        if leave == "abort":
            socket.abort()
        else:
            await socket.send(leave)
        await asyncio.sleep(0.02)
        await session.gone()
        await engine.refused_websocket(session.sid)
