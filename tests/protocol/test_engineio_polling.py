"""Engine.IO 4 by long-polling: payloads, one request of a kind at a time, and what ends a session."""

import asyncio

import pytest

from tests.protocol.client import SEPARATOR, Client
from tests.protocol.serving import MAX_PAYLOAD

NO_PAYLOADS: dict[str, bytes] = {
    "nothing": b"",
    "no packet": b"abc",
    "an unknown packet type": b"9",
    "separators alone": b"\x1e\x1e",
    "something after a good packet": b"4hello\x1eabc",
    "a separator too much": b"4hello\x1e",
    "no base64": b"b!!!",
    "no UTF-8": b"4\xff\xfe",
}
ECHOED: dict[str, tuple[str, ...]] = {
    "one text": ("4hello",),
    "an empty text": ("4",),
    "several texts": ("4test1", "4test2", "4test3"),
    "text and binary": ("4hello", "bAQIDBA=="),
    "binary alone": ("bAQIDBA==", "b", "bAA=="),
    "what looks like other packets": ("42", "4b", "4{}"),
    "all of Unicode": ("4ayiti 🇭🇹 \u0000 é €",),
    "a full offline buffer": tuple(f"4{number}" for number in range(200)),
}


@pytest.mark.parametrize("case", ECHOED)
async def test_what_was_posted_is_polled_in_order(engine: Client, case: str) -> None:
    session = await engine.poller()
    packets = ECHOED[case]

    posted = await session.post(*packets)

    assert (posted.status, posted.text) == (200, "ok")
    assert tuple(await session.packets(len(packets))) == packets


async def test_an_answer_to_a_poll_is_text(engine: Client) -> None:
    session = await engine.poller()
    await session.post("bAQIDBA==")

    assert (await session.get()).headers["Content-Type"].lower() == "text/plain; charset=utf-8"


async def test_a_poll_waits_for_the_next_message(engine: Client) -> None:
    session = await engine.poller()
    poll = await session.waiting()

    await session.post("4hello")

    assert (await poll).packets == ["4hello"]


async def test_a_message_of_the_largest_size_is_taken(engine: Client) -> None:
    session = await engine.poller()
    largest = "4" + "x" * (MAX_PAYLOAD - 1)

    assert (await session.post(largest)).status == 200
    assert await session.packets(1) == [largest]


async def test_a_larger_payload_is_refused_and_ends_the_session(engine: Client) -> None:
    session = await engine.poller()

    assert (await session.post("4" + "x" * MAX_PAYLOAD)).status in {400, 413}
    await session.gone()


@pytest.mark.parametrize("case", NO_PAYLOADS)
async def test_what_is_no_payload_is_refused_and_ends_the_session(engine: Client, case: str) -> None:
    session = await engine.poller()

    assert (await engine.ask("POST", session.query, NO_PAYLOADS[case])).status == 400
    await session.gone()


async def test_a_refused_payload_ends_the_poll_that_waits(engine: Client) -> None:
    session = await engine.poller()
    poll = await session.waiting()

    await session.post("abc")

    await poll
    await session.gone()


async def test_a_second_poll_ends_the_session(engine: Client) -> None:
    session = await engine.poller()
    first = await session.waiting()

    second = await session.get()

    assert second.status == 400
    assert (await first).packets == ["1"]
    await session.gone()


async def test_a_second_post_ends_the_session(engine: Client) -> None:
    session = await engine.poller()
    slow = await engine.tcp()
    request = f"POST {engine.path}?{session.query} HTTP/1.1\r\nHost: hub\r\nContent-Length: 6\r\n\r\n4he"
    slow.send(request.encode())
    await slow.sent()

    assert (await session.post("4second")).status == 400
    await session.gone()


async def test_hanging_up_during_a_poll_ends_the_session(engine: Client) -> None:
    session = await engine.poller()
    line = await engine.tcp()
    line.send(f"GET {engine.path}?{session.query} HTTP/1.1\r\nHost: hub\r\n\r\n".encode())
    await line.sent()

    line.abort()
    await asyncio.sleep(0.02)

    await session.gone()


async def test_a_close_packet_ends_the_session_and_its_poll(engine: Client) -> None:
    session = await engine.poller()
    poll = await session.waiting()

    closed = await session.post("1")

    assert (closed.status, closed.text) == (200, "ok")
    assert (await poll).packets == ["6"]
    await session.gone()


async def test_a_close_packet_ends_the_session_when_nobody_polls(engine: Client) -> None:
    session = await engine.poller()

    assert (await session.post("1")).status == 200
    await session.gone()


async def test_what_follows_a_close_packet_is_not_handled(engine: Client) -> None:
    session = await engine.poller()
    poll = await session.waiting()

    await session.post("1", "4hello")

    assert "4hello" not in (await poll).text
    await session.gone()


async def test_sessions_do_not_hear_each_other(engine: Client) -> None:
    one, other = await engine.poller(), await engine.poller()
    waiting = await other.waiting()

    await one.post("4for one")

    assert await one.packets(1) == ["4for one"]
    assert not waiting.done()
    await other.post("4for the other")
    assert (await waiting).text.split(SEPARATOR) == ["4for the other"]
