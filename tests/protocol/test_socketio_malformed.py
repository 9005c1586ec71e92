"""Socket.IO 5, what is no packet: the connection ends, and nothing of it was handled."""

import asyncio
import json

import pytest

from tests.protocol.client import Client, Closed
from tests.protocol.packets import compact, connected, event, goes_on, packet, placeholder
from tests.protocol.patience import AT_ONCE
from tests.protocol.serving import MAX_PAYLOAD

HEADER = packet(5, content=compact(["message", placeholder(0)]), attachments=1)

MALFORMED: dict[str, list[str | bytes]] = {
    "nothing": ["4"],
    "letters": ["4abc"],
    "an unknown packet type": ["47[]"],
    "an event without a payload": ["42"],
    "an event of an object": ["42{}"],
    "an event of an empty list": ["42[]"],
    "an event of a text": ['42"message"'],
    "an event of a number": ["4212"],
    "an event named by an object": ["42[{}]"],
    "an event named by null": ["42[null]"],
    "half a payload": ['42["message"'],
    "two payloads": ['42["message"]["message"]'],
    "an ack number of letters": ['42abc["message-with-ack",1,"2",{"3":[false]}]'],
    "a negative ack number": ['42-1["message-with-ack"]'],
    "an endless ack number": ["42" + "9" * 5000 + '["message-with-ack"]'],
    "NaN": ['42["message",NaN]'],
    "half a surrogate pair": ['42["message","\\ud800"]'],
    "ten thousand brackets": ['42["message",' + "[" * 10_000 + "]" * 10_000 + "]"],
    "a refusal": ['44{"message":"no"}'],
    "an ack of an object": ["431{}"],
    "binary of nothing": [b"\x01\x02"],
    "binary without a count": ['45["message"]'],
    "a count of letters": ['45x-["message"]'],
    "a negative count": ['45-1-["message"]'],
    "far too many attachments": ["4599999999999-" + compact(["message", placeholder(0)])],
    "a placeholder beyond the attachments": [
        packet(5, content=compact(["message", placeholder(7)]), attachments=1),
        b"x",
    ],
    "a placeholder below them": [packet(5, content=compact(["message", placeholder(-1)]), attachments=1), b"x"],
    "a placeholder of a text": [packet(5, content=compact(["message", placeholder("0")]), attachments=1), b"x"],
    "an attachment too much": [HEADER, b"one", b"two"],
    "an event instead of an attachment": [HEADER, event("message", "instead")],
    "an attachment of attachments": [HEADER, HEADER, b"x", b"x"],
}
FORGED = ("connect", "disconnect", "connect_error")
"""Names of a server's own events: no client may call their handlers."""


async def heard(client: Client, *packets: str | bytes) -> list[str | bytes]:
    """What was said after these packets until the connection ended, at once."""
    socket = await connected(client)
    await socket.send(*packets, event("message", "after"))
    said: list[str | bytes] = []
    try:
        async with asyncio.timeout(AT_ONCE):
            while True:
                said.append(await socket.packet())
    except Closed:
        return said


@pytest.mark.parametrize("case", MALFORMED)
async def test_what_is_no_packet_ends_the_connection(socketio: Client, case: str) -> None:
    said = await heard(socketio, *MALFORMED[case])

    assert event("message-back", "after") not in said
    assert event("message-back", "instead") not in said


@pytest.mark.parametrize("case", ["letters", "an event of an object", "binary of nothing"])
async def test_it_ends_a_polling_session_too(socketio: Client, case: str) -> None:
    session = await socketio.poller()
    await session.post("40")
    await session.packets(2)
    (malformed,) = MALFORMED[case]

    await session.post(malformed if isinstance(malformed, str) else "bAQI=")
    await asyncio.sleep(0.05)

    assert event("message-back", "after") not in (await session.get()).text
    await session.gone()


async def test_it_ends_both_namespaces_and_no_other_connection(socketio: Client) -> None:
    neighbour = await connected(socketio)

    assert await heard(socketio, "4abc") == []

    await goes_on(neighbour)


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_event_calls_no_handler_of_the_server(socketio: Client, name: str) -> None:
    socket = await connected(socketio)

    await socket.send(event(name, {}, {"token": "forged"}), event("message", "after"))

    try:
        async with asyncio.timeout(AT_ONCE):
            assert await socket.packet() == event("message-back", "after")
    except Closed:
        pass


async def test_attachments_that_never_come_keep_nothing_from_going_on_elsewhere(socketio: Client) -> None:
    socket, neighbour = await connected(socketio), await connected(socketio, "/custom")

    await socket.send(HEADER)

    await goes_on(neighbour, "/custom")


async def test_attachments_are_bounded_together(socketio: Client) -> None:
    many = 40
    content = json.dumps(["message", *(placeholder(number) for number in range(many))])
    attachments = [b"x" * (MAX_PAYLOAD // 2)] * many

    with pytest.raises((Closed, ConnectionError)):
        await answer(socketio, packet(5, content=content, attachments=many), *attachments)


async def answer(client: Client, *packets: str | bytes) -> str | bytes:
    """The first thing that is said to these packets."""
    socket = await connected(client)
    await socket.send(*packets)
    return await socket.packet()
