"""Hostile clients: hundreds of namespaces, attachments that never come, and people who never connect."""

import json

from tests.gateway.hostile import Hostile, Pulse, freed, no_connections_but, request, text
from tests.gateway.neighbours import Neighbours
from tests.protocol.rfc6455 import BINARY, frame
from tests.running import RunningHub


def with_attachments(count: int) -> bytes:
    """The header of a request whose attachments are to follow."""
    placeholders = [{"_placeholder": True, "num": number} for number in range(count)]
    return text(f"45{count}-1" + json.dumps(["message.send", {"files": placeholders}]))


async def test_hundreds_of_namespaces_are_each_refused_and_kept_nowhere(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    wire = await hostile.connected("collector")
    count = 500

    async with Pulse(of.creator):
        wire.send(*(text(f"40/n{number},") for number in range(count)))
        refusals = [await wire.message() for _ in range(count)]
        wire.send(request(1, "time.get", {}))
        assert b'"success":true' in await wire.message()

    assert refusals == [b'44/n%d,{"message":"Invalid namespace"}' % number for number in range(count)]
    assert not [room for room in edge.hub.services.fanout.rooms() if not isinstance(room, str)]
    wire.abort()
    await freed(edge, "collector")
    await of.live_on()


async def test_attachments_that_never_come_go_with_their_connection(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    wires = [await hostile.connected(f"forgetful-{number}") for number in range(20)]

    async with Pulse(of.creator):
        for wire in wires:
            wire.send(with_attachments(10), *(frame(BINARY, b"x" * 50_000) for _ in range(9)))
            await wire.sent()
        for wire in wires:
            wire.abort()

    await no_connections_but(edge, 1)
    assert not edge.hub.server._binary_packet
    await of.live_on()


async def test_more_attachments_than_anybody_needs_end_the_connection(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    for count in (1_000, 999_999_999):
        wire = await hostile.connected("hoarder")
        wire.send(text(f'45{count}-1["message.send",{{"_placeholder":true,"num":0}}]'))
        assert await wire.end() is not None
    await freed(edge, "hoarder")
    await of.live_on()


async def test_attachments_that_are_too_large_together_end_the_connection(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    wire = await hostile.connected("heavyweight")

    wire.send(with_attachments(4), *(frame(BINARY, b"x" * 40_000) for _ in range(3)))

    assert await wire.end() is not None
    await freed(edge, "heavyweight")
    assert not edge.hub.server._binary_packet
    await of.live_on()


async def test_attachments_before_connect_end_the_connection(edge: RunningHub, hostile: Hostile) -> None:
    wire = await hostile.connection()

    wire.send(with_attachments(1), frame(BINARY, b"x"))

    assert await wire.end() is not None
    await no_connections_but(edge, 0)


async def test_a_crowd_that_only_opens_connections_leaves_nothing(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()

    async with Pulse(of.creator):
        wires = [await hostile.connection() for _ in range(100)]
        for wire in wires:
            wire.abort()

    await no_connections_but(edge, 1)
    await of.live_on()


async def test_a_message_sent_just_before_hanging_up_is_kept(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    for number, farewell in enumerate((text("41"), text("1"), frame(0x8, b"\x03\xe8"), b"")):
        wire = await hostile.connected("fan")
        wire.send(
            request(1, "message.send", of.send(client_message_id=f"last-{number}", body=f"last words {number}")),
            farewell,
        )
        wire.transport.write_eof()
        message = await of.creator.received("message.new", lambda each, n=number: each["rev"] == n + 1)
        assert message["message"]["body"] == f"last words {number}"
        wire.abort()
    await freed(edge, "fan")
