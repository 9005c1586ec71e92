"""Socket.IO 5, joining and leaving namespaces, and those who never do."""

import asyncio
import json
from time import monotonic
from typing import Any

import pytest

from tests.protocol.client import Client, Closed, Socket
from tests.protocol.packets import ack, connect, connected, event, goes_on, packet
from tests.protocol.patience import AT_ONCE
from tests.protocol.serving import CONNECT_SECONDS

INVALID = {"message": "Invalid namespace"}
CLOSED = "closed"


@pytest.mark.parametrize("namespace", ["/", "/custom"])
@pytest.mark.parametrize("auth", [None, {}, {"token": "123"}, {"nested": {"list": [1, "é", None]}}])
async def test_connect_answers_with_a_session_before_anything_else(
    socketio: Client, namespace: str, auth: dict[str, Any] | None
) -> None:
    socket = await socketio.websocket()

    sid = await connect(socket, namespace, auth)

    assert sid != socket.handshake["sid"]  # which is a secret between the two ends
    await goes_on(socket, namespace)


async def test_the_comma_after_a_namespace_may_be_left_out(socketio: Client) -> None:
    socket = await socketio.websocket()

    await socket.send("40/custom")

    assert str(await socket.packet()).startswith('40/custom,{"sid":')
    assert await socket.packet() == event("auth", {}, namespace="/custom")


async def test_connecting_by_polling_is_the_same(socketio: Client) -> None:
    session = await socketio.poller()

    await session.post('40{"token":"123"}', '40/custom,{"token":"456"}')

    opened, custom, *told = await session.packets(4)
    assert set(json.loads(opened[2:])) == set(json.loads(custom.removeprefix("40/custom,"))) == {"sid"}
    assert told == [event("auth", {"token": "123"}), event("auth", {"token": "456"}, namespace="/custom")]


@pytest.mark.parametrize("namespace", ["/random", "/Custom", "/custom/deeper", "/" + "x" * 1000, "/é"])
async def test_an_unknown_namespace_is_refused_and_the_connection_goes_on(socketio: Client, namespace: str) -> None:
    socket = await socketio.websocket()

    await socket.send(packet(0, namespace))

    refused = str(await socket.packet())
    assert refused.startswith(packet(4, namespace))
    assert json.loads(refused.removeprefix(packet(4, namespace))) == INVALID
    await connect(socket)
    await goes_on(socket)


async def test_two_namespaces_share_a_connection(socketio: Client) -> None:
    socket = await socketio.websocket()

    sids = {await connect(socket), await connect(socket, "/custom")}

    assert len(sids) == 2
    await goes_on(socket)
    await goes_on(socket, "/custom")


@pytest.mark.parametrize(("left", "kept"), [("/custom", "/"), ("/", "/custom")])
@pytest.mark.parametrize("comma", ["", ","])
async def test_leaving_one_namespace_keeps_the_other(socketio: Client, left: str, kept: str, comma: str) -> None:
    socket = await socketio.websocket()
    await connect(socket)
    await connect(socket, "/custom")

    await socket.send("41" if left == "/" else f"41{left}{comma}")

    await goes_on(socket, kept)
    await connect(socket, left)
    await goes_on(socket, left)


async def test_nothing_is_said_to_a_namespace_that_was_left(socketio: Client) -> None:
    socket = await socketio.websocket()
    await connect(socket)
    await connect(socket, "/custom")

    await socket.send(
        event("message", "before", namespace="/custom"),
        packet(1, "/custom"),
        event("message", "after", namespace="/custom"),
        event("message", "after"),
    )

    assert await socket.packet() == event("message-back", "before", namespace="/custom")
    # What came for the left namespace may be passed over, or end the connection as the reference server does.
    assert await soon(socket) in {event("message-back", "after"), CLOSED}


async def soon(socket: Socket) -> str | None:
    """The next packet, or that the connection was closed; None when nothing happens for a while."""
    try:
        async with asyncio.timeout(AT_ONCE):
            return str(await socket.packet())
    except Closed:
        return CLOSED
    except TimeoutError:
        return None


async def test_leaving_is_not_answered_and_keeps_the_connection_for_another_try(socketio: Client) -> None:
    socket = await connected(socketio)

    await socket.send("41")

    await connect(socket)
    await goes_on(socket)


async def test_a_second_connect_to_a_namespace_ends_the_connection(socketio: Client) -> None:
    for namespace in ("/", "/custom"):
        socket = await connected(socketio, namespace)
        await socket.send(packet(0, namespace))
        async with asyncio.timeout(AT_ONCE):
            await socket.closed()


@pytest.mark.parametrize("first", [event("message", 1), event("message-with-ack", 1, number=1), "4abc", "42", "4"])
async def test_whoever_does_not_begin_with_connect_is_closed_without_an_answer(socketio: Client, first: str) -> None:
    socket = await socketio.websocket()

    await socket.send(first, event("message-with-ack", number=2))

    assert await soon(socket) == CLOSED


async def test_an_event_for_a_namespace_that_was_not_joined_is_not_handled(socketio: Client) -> None:
    socket = await connected(socketio)

    await socket.send(event("message-with-ack", 1, namespace="/custom", number=1))

    assert await soon(socket) in {CLOSED, None}


@pytest.mark.parametrize("says", [(), (packet(0, "/random"),)])
async def test_whoever_never_connects_is_closed_although_it_answers_pings(socketio: Client, says: tuple[str]) -> None:
    socket = await socketio.websocket()
    began = monotonic()
    await socket.send(*says)

    while await soon(socket) != CLOSED:
        assert monotonic() - began < 2 * CONNECT_SECONDS

    assert CONNECT_SECONDS - 0.1 < monotonic() - began < CONNECT_SECONDS + 0.6


async def test_a_poller_that_never_connects_is_gone_although_it_answers_pings(socketio: Client) -> None:
    session = await socketio.poller()
    began = monotonic()

    while (answer := await session.get()).status == 200 and "1" not in answer.packets:
        await session.post("3")

    assert CONNECT_SECONDS - 0.1 < monotonic() - began < CONNECT_SECONDS + 0.6
    await session.gone()


async def test_the_timeout_does_not_end_who_connected(socketio: Client) -> None:
    socket = await socketio.websocket()
    await connect(socket, "/custom")
    until = monotonic() + CONNECT_SECONDS + 0.3

    number = 0
    while monotonic() < until:
        number += 1
        await socket.send(event("message-with-ack", namespace="/custom", number=number))
        assert await socket.packet() == ack(namespace="/custom", number=number)
        await asyncio.sleep(0.05)
