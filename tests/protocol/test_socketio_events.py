"""Socket.IO 5, events and acks, with and without attachments, both ways."""

import json
from typing import Any

import pytest

from tests.protocol.client import Client
from tests.protocol.packets import ack, compact, connect, connected, event, goes_on, packet, placeholder

ARGUMENTS: dict[str, list[Any]] = {
    "none": [],
    "of every kind": [1, "2", {"3": [True]}, None, [], {}, -1.5, False],
    "one null": [None],
    "one list": [[1, 2]],
    "an empty text": [""],
    "Unicode": ['ayiti 🇭🇹 \u0000 \\ " é \u2028', {"clé": "€"}],
    "large numbers": [2**53, -(2**53), 1e300, 0.1],
    "like a packet": ["42[]", "451-[]", "/custom,"],
    "deep": [[[[[[[[[[{"a": [1]}]]]]]]]]]],
    "long": ["x" * 100_000, list(range(10_000))],
}
BINARY: dict[str, tuple[list[Any], list[bytes]]] = {
    "one": ([placeholder(0)], [b"\x01\x02\x03"]),
    "two": ([placeholder(0), placeholder(1)], [b"\x01\x02\x03", b"\x04\x05\x06"]),
    "empty": ([placeholder(0)], [b""]),
    "deep among others": (
        [1, {"file": placeholder(0), "more": [placeholder(1), "text"]}, placeholder(2)],
        [b"a", b"4b", b"\xff" * 70_000],
    ),
}


def read(said: Any, prefix: str) -> Any:
    """The JSON behind the prefix."""
    assert isinstance(said, str)
    assert said.startswith(prefix), said[:100]
    return json.loads(said.removeprefix(prefix))


@pytest.mark.parametrize("namespace", ["/", "/custom"])
@pytest.mark.parametrize("case", ARGUMENTS)
async def test_an_event_comes_with_its_arguments(socketio: Client, case: str, namespace: str) -> None:
    socket = await connected(socketio, namespace)

    await socket.send(event("message", *ARGUMENTS[case], namespace=namespace))

    answer = read(await socket.packet(), packet(2, namespace))
    assert answer == ["message-back", *ARGUMENTS[case]]


@pytest.mark.parametrize("namespace", ["/", "/custom"])
@pytest.mark.parametrize("case", ARGUMENTS)
async def test_an_event_is_acknowledged_with_arguments(socketio: Client, case: str, namespace: str) -> None:
    socket = await connected(socketio, namespace)

    await socket.send(event("message-with-ack", *ARGUMENTS[case], namespace=namespace, number=456))

    assert read(await socket.packet(), packet(3, namespace, "456")) == ARGUMENTS[case]


@pytest.mark.parametrize("number", [0, 1, 9, 10, 2**31, 2**53])
async def test_an_ack_has_the_number_that_was_asked_for(socketio: Client, number: int) -> None:
    socket = await connected(socketio)

    await socket.send(event("message-with-ack", "x", number=number))

    assert await socket.packet() == ack("x", number=number)


async def test_what_asks_for_no_ack_gets_none(socketio: Client) -> None:
    socket = await connected(socketio)

    await socket.send(event("message-with-ack", 1))

    await goes_on(socket)


async def test_an_event_that_nobody_handles_is_passed_over(socketio: Client) -> None:
    socket = await connected(socketio)

    await socket.send(event("unheard-of", 1), event("", 1))

    await goes_on(socket)


@pytest.mark.parametrize("packet_", ['43999["x"]', "430[]", '43/custom,1["x"]', "4399999999999[]"])
async def test_an_ack_of_nothing_that_was_asked_is_passed_over(socketio: Client, packet_: str) -> None:
    socket = await socketio.websocket()
    await connect(socket)
    await connect(socket, "/custom")

    await socket.send(packet_)

    await goes_on(socket)


async def test_a_binary_ack_of_nothing_that_was_asked_is_passed_over(socketio: Client) -> None:
    socket = await connected(socketio)

    await socket.send(packet(6, content="7" + compact([placeholder(0)]), attachments=1), b"x")

    await goes_on(socket)


async def test_answers_come_in_the_order_of_the_questions(socketio: Client) -> None:
    socket = await connected(socketio)
    count = 300

    for number in range(count):
        await socket.send(event("message", number) if number % 2 else event("message-with-ack", number, number=number))

    expected = [event("message-back", n) if n % 2 else ack(n, number=n) for n in range(count)]
    assert await socket.packets(count) == expected


@pytest.mark.parametrize("namespace", ["/", "/custom"])
@pytest.mark.parametrize("case", BINARY)
async def test_attachments_come_back_with_the_event(socketio: Client, case: str, namespace: str) -> None:
    arguments, attachments = BINARY[case]
    socket = await connected(socketio, namespace)
    content = compact(["message", *arguments])

    await socket.send(packet(5, namespace, content, attachments=len(attachments)), *attachments)

    answer = read(await socket.packet(), packet(5, namespace, attachments=len(attachments)))
    assert answer == ["message-back", *arguments]
    assert await socket.packets(len(attachments)) == attachments


@pytest.mark.parametrize("case", BINARY)
async def test_attachments_come_back_with_the_ack(socketio: Client, case: str) -> None:
    arguments, attachments = BINARY[case]
    socket = await connected(socketio)
    content = "789" + compact(["message-with-ack", *arguments])

    await socket.send(packet(5, content=content, attachments=len(attachments)), *attachments)

    assert read(await socket.packet(), packet(6, content="789", attachments=len(attachments))) == arguments
    assert await socket.packets(len(attachments)) == attachments


async def test_attachments_by_polling_are_base64(socketio: Client) -> None:
    session = await socketio.poller()
    await session.post("40")
    await session.packets(2)
    header = packet(5, content="7" + compact(["message-with-ack", placeholder(0), placeholder(1)]), attachments=2)

    await session.post(header, "bAQID")
    await session.post("bBAUG", event("message", "after"))

    answer, *rest = await session.packets(4)
    assert read(answer, packet(6, content="7", attachments=2)) == [placeholder(0), placeholder(1)]
    assert rest == ["bAQID", "bBAUG", event("message-back", "after")]


async def test_an_event_between_events_with_attachments_keeps_its_place(socketio: Client) -> None:
    socket = await connected(socketio)
    binary = packet(5, content=compact(["message", placeholder(0)]), attachments=1)

    await socket.send(event("message", 1), binary, b"two", event("message", 3), binary, b"four")

    first, second, attachment, third, fourth, last = await socket.packets(6)
    assert (first, third) == (event("message-back", 1), event("message-back", 3))
    assert read(second, "451-") == read(fourth, "451-") == ["message-back", placeholder(0)]
    assert (attachment, last) == (b"two", b"four")


async def test_events_survive_an_upgrade(socketio: Client) -> None:
    session = await socketio.poller()
    await session.post("40")
    await session.packets(2)
    socket = await socketio.websocket(session.sid)
    await session.post(event("message", 1))
    await socket.send("2probe")
    assert await socket.raw() == "3probe"
    await session.post(event("message", 2))

    await socket.send("5", event("message", 3))

    assert await socket.packets(3) == [event("message-back", number) for number in (1, 2, 3)]
