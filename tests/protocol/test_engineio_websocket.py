"""Engine.IO 4 by WebSocket alone: packets, and what ends a session."""

import asyncio

import pytest

from tests.protocol.client import Client
from tests.protocol.patience import AT_ONCE
from tests.protocol.serving import MAX_PAYLOAD

NO_PACKETS = ("", "abc", "9", "{}", "\x00", "²", "🙂", " 4hello")


async def test_text_and_binary_are_echoed_in_order(engine: Client) -> None:
    socket = await engine.websocket()
    packets = ["4hello", b"\x01\x02\x03\x04", "4", b"\x00", "4ayiti 🇭🇹", "4\x1ea record", b"4hello"]

    await socket.send(*packets)

    assert await socket.packets(len(packets)) == packets


async def test_hundreds_of_packets_keep_their_order(engine: Client) -> None:
    socket = await engine.websocket()
    packets = [f"4{number}" for number in range(500)]

    await socket.send(*packets)

    assert await socket.packets(500) == packets


@pytest.mark.parametrize("size", [125, 126, 65_535, 65_536, MAX_PAYLOAD])
async def test_packets_of_every_size_up_to_the_largest_are_echoed(engine: Client, size: int) -> None:
    socket = await engine.websocket()
    text = "4" + "x" * (size - 1)

    await socket.send(text, b"x" * size)

    assert await socket.packets(2) == [text, b"x" * size]


async def test_a_larger_packet_closes_the_connection(engine: Client) -> None:
    socket = await engine.websocket()

    await socket.send("4" + "x" * MAX_PAYLOAD)

    assert await socket.closed() == 1009


@pytest.mark.parametrize("text", NO_PACKETS)
async def test_what_is_no_packet_closes_the_connection_at_once(engine: Client, text: str) -> None:
    socket = await engine.websocket()

    await socket.send("4before", text, "4after")

    assert await socket.packet() == "4before"
    async with asyncio.timeout(AT_ONCE):
        await socket.closed()


async def test_a_close_packet_closes_the_connection_at_once(engine: Client) -> None:
    socket = await engine.websocket()

    await socket.send("1")

    async with asyncio.timeout(AT_ONCE):
        assert await socket.closed() in {1000, 1005}


async def test_the_session_is_gone_with_its_connection(engine: Client) -> None:
    for leave in ("1", "close", "abort"):
        socket = await engine.websocket()
        if leave == "abort":
            socket.abort()
        elif leave == "close":
            await socket.close()
        else:
            await socket.send("1")
            await socket.closed()
        await asyncio.sleep(0.02)
        await engine.refused_websocket(socket.handshake["sid"])
        polled = await engine.ask("GET", f"EIO=4&transport=polling&sid={socket.handshake['sid']}")
        assert polled.status == 400


async def test_a_session_that_began_by_websocket_takes_no_http_requests(engine: Client) -> None:
    socket = await engine.websocket()
    query = f"EIO=4&transport=polling&sid={socket.handshake['sid']}"

    assert (await engine.ask("GET", query)).status == 400
    assert (await engine.ask("POST", query, "4by post")).status == 400

    await socket.send("4hello")
    assert await socket.packet() == "4hello"


async def test_a_second_websocket_of_a_session_is_closed_and_the_first_goes_on(engine: Client) -> None:
    socket = await engine.websocket()

    await engine.closed_websocket(socket.handshake["sid"])

    await socket.send("4hello")
    assert await socket.packet() == "4hello"
