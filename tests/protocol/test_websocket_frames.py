"""RFC 6455, section 5: frames, whole and in fragments, however TCP cuts them."""

import pytest

from tests.protocol.client import Client
from tests.protocol.rfc6455 import BINARY, CONTINUATION, MASK, PING, PONG, TEXT, frame, head
from tests.protocol.serving import MAX_PAYLOAD

HEADER_SIZES = {1: 0, 125: 0, 126: 2, 65_535: 2, 65_536: 8}
"""How many bytes of length beyond the first a payload's size must have (5.2: the fewest)."""
TEXT_OF_EACH_WIDTH = "4a é € 🇭🇹"


@pytest.mark.parametrize("size", HEADER_SIZES)
async def test_lengths_are_read_in_every_form_and_written_in_the_shortest(engine: Client, size: int) -> None:
    wire = await engine.wire()
    payload = b"4" + b"x" * (size - 1)

    wire.send(frame(TEXT, payload))

    echo = await wire.frame()
    assert echo == (TEXT, payload, True, 0, False, HEADER_SIZES[size])


async def test_a_64_bit_length_is_read(engine: Client) -> None:
    wire = await engine.wire()

    wire.send(frame(BINARY, b"x" * MAX_PAYLOAD))

    assert await wire.message() == b"x" * MAX_PAYLOAD


@pytest.mark.parametrize("mask", [MASK, b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1"])
async def test_every_mask_is_taken_off(engine: Client, mask: bytes) -> None:
    wire = await engine.wire()

    wire.send(*(frame(TEXT, b"4hello"[:length], mask=mask) for length in range(1, 7)))

    assert [await wire.message() for _ in range(6)] == [b"4hello"[:length] for length in range(1, 7)]


async def test_a_frame_may_come_byte_by_byte(engine: Client) -> None:
    wire = await engine.wire()
    for byte in frame(TEXT, TEXT_OF_EACH_WIDTH.encode()) + frame(TEXT, b"4" + b"x" * 199):
        wire.send(bytes((byte,)))
        await wire.sent()

    assert await wire.message() == TEXT_OF_EACH_WIDTH.encode()
    assert await wire.message() == b"4" + b"x" * 199


async def test_many_frames_may_come_in_one_segment(engine: Client) -> None:
    wire = await engine.wire()

    wire.send(*(frame(TEXT, b"4%d" % number) for number in range(100)))

    assert [await wire.message() for _ in range(100)] == [b"4%d" % number for number in range(100)]


@pytest.mark.parametrize("cut", [1, 2, 3, 5, 6, 7, 9, 11])
async def test_a_segment_may_end_anywhere_in_a_frame(engine: Client, cut: int) -> None:
    wire = await engine.wire()
    everything = b"".join(frame(TEXT, b"4" + b"%d" % number * 130) for number in range(3))
    first = len(everything) // 3

    wire.send(everything[: first + cut])
    await wire.sent()
    wire.send(everything[first + cut :])

    assert [await wire.message() for _ in range(3)] == [b"4" + b"%d" % number * 130 for number in range(3)]


async def test_a_message_may_come_in_fragments(engine: Client) -> None:
    wire = await engine.wire()
    wire.send(
        frame(TEXT, b"4he", final=False),
        frame(CONTINUATION, b"", final=False),
        frame(CONTINUATION, b"llo"),
        frame(BINARY, b"\x01", final=False),
        frame(CONTINUATION, b"\x02\x03"),
    )

    assert [await wire.message(), await wire.message()] == [b"4hello", b"\x01\x02\x03"]


async def test_a_fragment_may_end_within_a_character(engine: Client) -> None:
    wire = await engine.wire()
    first, *rest = (bytes((byte,)) for byte in TEXT_OF_EACH_WIDTH.encode())
    *middle, last = rest

    wire.send(
        frame(TEXT, first, final=False),
        *(frame(CONTINUATION, each, final=False) for each in middle),
        frame(CONTINUATION, last),
    )

    assert await wire.message() == TEXT_OF_EACH_WIDTH.encode()


async def test_a_ping_between_fragments_is_answered_before_the_message_is_whole(engine: Client) -> None:
    wire = await engine.wire()
    wire.send(frame(TEXT, b"4he", final=False), frame(PING, b"are you there?"))

    pong = await wire.frame()
    wire.send(frame(CONTINUATION, b"l", final=False), frame(PONG, b"unasked"), frame(CONTINUATION, b"lo"))

    assert (pong.opcode, pong.payload) == (PONG, b"are you there?")
    assert await wire.message() == b"4hello"


@pytest.mark.parametrize("payload", [b"", b"x", b"\x00\xff", b"x" * 125])
async def test_a_ping_is_answered_with_its_own_payload(engine: Client, payload: bytes) -> None:
    wire = await engine.wire()

    wire.send(frame(PING, payload))

    assert await wire.frame() == (PONG, payload, True, 0, False, 0)


async def test_pings_are_answered_in_order_and_pongs_passed_over(engine: Client) -> None:
    wire = await engine.wire()

    wire.send(*(frame(kind, b"%d" % number) for number in range(10) for kind in (PONG, PING)))

    assert [(await wire.frame()).payload for _ in range(10)] == [b"%d" % number for number in range(10)]


async def test_fragments_of_the_largest_size_in_all_are_taken(engine: Client) -> None:
    wire = await engine.wire()
    half = b"x" * (MAX_PAYLOAD // 2)

    wire.send(frame(BINARY, half, final=False), frame(CONTINUATION, half))

    assert await wire.message() == half + half


async def test_a_connection_lost_within_a_frame_harms_nobody(engine: Client) -> None:
    neighbour = await engine.wire()
    for lost in (b"\x81", head(TEXT, 100), head(TEXT, 100_000) + MASK + b"half", frame(TEXT, b"4", final=False)):
        wire = await engine.wire()
        wire.send(lost)
        await wire.sent()
        wire.abort()

    neighbour.send(frame(TEXT, b"4hello"))
    assert await neighbour.message() == b"4hello"
