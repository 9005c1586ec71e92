"""RFC 6455, sections 5 and 7: who breaks the protocol is told with which code, and the connection ends."""

import asyncio
from time import monotonic

import pytest

from tests.protocol.client import Client
from tests.protocol.patience import AT_ONCE
from tests.protocol.rfc6455 import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Ended, closing, frame, head
from tests.protocol.serving import MAX_PAYLOAD

PROTOCOL_ERROR, NOT_UTF8, TOO_BIG = 1002, 1007, 1009

BROKEN: dict[str, list[bytes]] = {
    "a frame without a mask": [frame(TEXT, b"4hello", mask=None)],
    "a ping without a mask": [frame(PING, b"", mask=None)],
    **{f"reserved bits {bits:03b}": [frame(TEXT, b"4hello", reserved=bits)] for bits in range(1, 8)},
    "a ping with a reserved bit": [frame(PING, b"", reserved=4)],
    "a continuation with a reserved bit": [
        frame(TEXT, b"4he", final=False),
        frame(CONTINUATION, b"llo", reserved=4),
    ],
    **{f"reserved opcode {opcode:#x}": [frame(opcode, b"")] for opcode in (0x3, 0x4, 0x5, 0x6, 0x7)},
    **{f"reserved opcode {opcode:#x}": [frame(opcode, b"")] for opcode in (0xB, 0xC, 0xD, 0xE, 0xF)},
    "a ping of 126 bytes": [frame(PING, b"x" * 126)],
    "a pong of 126 bytes": [frame(PONG, b"x" * 126)],
    "a close of 126 bytes": [closing(1000, b"x" * 124)],
    "a ping in fragments": [frame(PING, b"x", final=False)],
    "a close in fragments": [frame(CLOSE, b"", final=False)],
    "a continuation of nothing": [frame(CONTINUATION, b"4hello")],
    "a continuation of a whole message": [frame(TEXT, b"4hello"), frame(CONTINUATION, b"again")],
    "a text within a text": [frame(TEXT, b"4he", final=False), frame(TEXT, b"4hello")],
    "a binary within a text": [frame(TEXT, b"4he", final=False), frame(BINARY, b"x", final=False)],
    "a close of one byte": [frame(CLOSE, b"\x03")],
    **{f"close code {code}": [closing(code)] for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535)},
}
NO_TEXT: dict[str, bytes] = {
    "no UTF-8": b"4\xff\xfe",
    "half a character": b"4\xe2\x82",
    "a surrogate": b"4\xed\xa0\x80",
    "too long a form": b"4\xc0\xaf",
    "beyond Unicode": b"4\xf4\x90\x80\x80",
}


async def told(engine: Client, *parts: bytes) -> int | None:
    """The close code that these bytes get, at once."""
    wire = await engine.wire()
    wire.send(*parts)
    began = monotonic()
    code = await wire.end()
    assert monotonic() - began < AT_ONCE
    return code


@pytest.mark.parametrize("case", BROKEN)
async def test_who_breaks_the_protocol_is_told_so(engine: Client, case: str) -> None:
    assert await told(engine, *BROKEN[case]) == PROTOCOL_ERROR


async def test_messages_before_the_mistake_are_answered_and_those_after_it_are_not(engine: Client) -> None:
    wire = await engine.wire()

    wire.send(frame(TEXT, b"4before"), frame(0x3, b""), frame(TEXT, b"4after"))

    assert await wire.message() == b"4before"
    with pytest.raises(Ended, match="1002"):
        await wire.message()


@pytest.mark.parametrize("case", NO_TEXT)
async def test_text_that_is_not_utf8_is_refused(engine: Client, case: str) -> None:
    text = NO_TEXT[case]
    assert await told(engine, frame(TEXT, text)) == NOT_UTF8
    assert await told(engine, frame(TEXT, text[:2], final=False), frame(CONTINUATION, text[2:])) == NOT_UTF8


async def test_a_reason_that_is_not_utf8_is_refused(engine: Client) -> None:
    assert await told(engine, closing(1000, b"\xff\xfe")) in {PROTOCOL_ERROR, NOT_UTF8}


@pytest.mark.parametrize("length", [MAX_PAYLOAD + 1, 2**32, 2**62, 2**63, 2**64 - 1])
async def test_a_frame_that_is_too_long_is_refused_by_its_header(engine: Client, length: int) -> None:
    # 2**63 and more are malformed as well: the first bit of a 64-bit length must be 0 (5.2).
    assert await told(engine, head(TEXT, length)) in {TOO_BIG, PROTOCOL_ERROR if length >= 2**63 else TOO_BIG}


async def test_fragments_that_are_too_long_together_are_refused(engine: Client) -> None:
    half = b"x" * (MAX_PAYLOAD // 2)
    parts = [frame(BINARY, half, final=False), frame(CONTINUATION, half, final=False), frame(CONTINUATION, b"x")]

    assert await told(engine, *parts) == TOO_BIG


async def test_endless_fragments_are_refused(engine: Client) -> None:
    wire = await engine.wire()
    wire.send(frame(BINARY, b"", final=False))
    piece = frame(CONTINUATION, b"x" * 20_000, final=False)
    for _ in range(60):
        wire.send(piece)
    assert await wire.end() == TOO_BIG


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999])
async def test_a_close_is_answered_with_its_own_code(engine: Client, code: int) -> None:
    assert await told(engine, closing(code, b"good-bye")) == code


async def test_a_close_without_a_code_is_answered(engine: Client) -> None:
    assert await told(engine, closing(None)) in {1000, 1005}


async def test_what_follows_a_close_is_not_handled(engine: Client) -> None:
    wire = await engine.wire()

    wire.send(closing(1000), frame(TEXT, b"4hello"), frame(PING, b"x"), frame(0x3, b""))

    answer = await wire.frame()
    assert (answer.opcode, answer.payload[:2]) == (CLOSE, b"\x03\xe8")
    with pytest.raises(Ended):
        await wire.frame()


async def test_the_end_of_the_stream_without_a_close_is_an_end(engine: Client) -> None:
    wire = await engine.wire()

    wire.transport.write_eof()  # type: ignore[attr-defined]

    async with asyncio.timeout(AT_ONCE):
        await wire.end()
