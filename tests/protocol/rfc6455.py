"""A WebSocket client that sends the bytes it is told to, right or wrong (RFC 6455)."""

import asyncio
import socket
import struct
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha1
from typing import NamedTuple, cast

from tests.protocol.patience import SECONDS

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY = b64encode(b"sixteen bytes !!").decode()
MASK = b"\x12\xab\x00\xff"
ENGINE_PING = b"2"
ENGINE_PONG = b"3"

HANDSHAKE = {
    "Host": "hub",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}


class Frame(NamedTuple):
    """A frame that the server sent."""

    opcode: int
    payload: bytes
    final: bool
    reserved: int
    masked: bool
    length_bytes: int
    """How many bytes its header spends on the length beyond the first seven bits."""


class Response(NamedTuple):
    """The head of the answer to a request."""

    status: int
    headers: dict[str, str]


class Ended(Exception):
    """The server ended the connection; `code` is that of its close frame, None when there was none."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"close code {code}")
        self.code = code


def accept_of(key: str) -> str:
    """What a server answers to this key (RFC 6455, 4.2.2)."""
    return b64encode(sha1(key.encode() + GUID).digest()).decode()  # noqa: S324


def frame(
    opcode: int, payload: bytes = b"", *, final: bool = True, reserved: int = 0, mask: bytes | None = MASK
) -> bytes:
    """A frame as a client sends it; `mask=None` as it must not."""
    return head(opcode, len(payload), final=final, reserved=reserved, masked=mask is not None) + masked(payload, mask)


def head(opcode: int, length: int, *, final: bool = True, reserved: int = 0, masked: bool = True) -> bytes:
    """A frame's header up to its mask."""
    first, bit = final << 7 | reserved << 4 | opcode, masked << 7
    if length < 126:
        return struct.pack("!BB", first, bit | length)
    if length < 65_536:
        return struct.pack("!BBH", first, bit | 126, length)
    return struct.pack("!BBQ", first, bit | 127, length)


def masked(payload: bytes, mask: bytes | None) -> bytes:
    """The mask and the payload under it."""
    if mask is None:
        return payload
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return mask + (int.from_bytes(payload) ^ int.from_bytes(repeated)).to_bytes(len(payload))


def closing(code: int | None, reason: bytes = b"") -> bytes:
    """A close frame."""
    return frame(CLOSE, b"" if code is None else struct.pack("!H", code) + reason)


class Wire(asyncio.Protocol):
    """One TCP connection. Keeps what came also when the connection was reset after it, as StreamReader would not."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._ended = False
        self._changed = asyncio.Event()
        self._code: int | None = None

    @classmethod
    async def open(cls, host: str, port: int, *, receive_buffer: int | None = None) -> "Wire":
        """A connection on which nothing was said; `receive_buffer` is how many bytes the kernel takes unread."""
        loop, plain = asyncio.get_running_loop(), socket.socket()
        plain.setblocking(False)
        if receive_buffer is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await loop.sock_connect(plain, (host, port))
        return (await loop.create_connection(cls, sock=plain))[1]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its type

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._changed.set()

    def connection_lost(self, _error: Exception | None) -> None:
        self._ended = True
        self._changed.set()

    def send(self, *parts: bytes) -> None:
        """Sends the bytes at once, as one write."""
        self.transport.write(b"".join(parts))

    async def sent(self) -> None:
        """Until the kernel has what was sent, and the server has had a chance to look at it."""
        while self.transport.get_write_buffer_size():  # noqa: ASYNC110  (a transport tells it to its protocol alone)
            await asyncio.sleep(0.001)
        for _ in range(3):  # the server runs on this loop: one turn to see it, one to act
            await asyncio.sleep(0)

    async def request(
        self, path: str, changes: dict[str, str | None] | None = None, *, method: str = "GET", behind: bytes = b""
    ) -> Response:
        """Asks for a WebSocket; `changes` are headers other than those of a good request, None is one left out.

        `behind` is sent in the same segment. Of an answer with a body, the body is passed over.
        """
        headers = {**HANDSHAKE, **(changes or {})}
        lines = [
            f"{method} {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items() if value is not None),
        ]
        self.send("\r\n".join([*lines, "", ""]).encode(), behind)
        text = (await self._until(b"\r\n\r\n")).decode()
        status, *fields = text.removesuffix("\r\n\r\n").split("\r\n")
        answered = {name.lower(): value for name, _, value in (each.partition(": ") for each in fields)}
        await self._take(int(answered.get("content-length", "0")))
        return Response(int(status.split()[1]), answered)

    async def frame(self) -> Frame:
        """The next frame of any kind. Raises Ended."""
        first, second = await self._take(2)
        length, more = second & 0x7F, 0
        if length >= 126:
            more = 2 if length == 126 else 8
            length = int.from_bytes(await self._take(more))
        mask = await self._take(4) if second >> 7 else b""
        payload = await self._take(length)
        if first & 0x0F == CLOSE:
            self._code = int.from_bytes(payload[:2]) if payload else 1005
        return Frame(first & 0x0F, payload, bool(first >> 7), first >> 4 & 7, bool(mask), more)

    async def message(self) -> bytes:
        """The next text or binary message, answering Engine.IO's pings on the way. Raises Ended."""
        while True:
            came = await self.frame()
            if came.opcode == CLOSE:
                raise Ended(self._code)
            if came.payload == ENGINE_PING:
                self.send(frame(TEXT, ENGINE_PONG))
            elif came.opcode in {TEXT, BINARY}:
                return came.payload

    async def end(self) -> int | None:
        """The server's close code, once it has ended the connection itself; pings are left unanswered."""
        try:
            while True:
                await self.frame()
        except Ended as ended:
            return ended.code

    def abort(self) -> None:
        """Hangs up with a reset."""
        self.transport.abort()

    async def _take(self, count: int) -> bytes:
        await self._wait(lambda: len(self._buffer) >= count)
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    async def _until(self, mark: bytes) -> bytes:
        await self._wait(lambda: mark in self._buffer)
        return await self._take(self._buffer.index(mark) + len(mark))

    async def _wait(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(SECONDS):
            while not enough():
                if self._ended:
                    raise Ended(self._code)
                self._changed.clear()
                await self._changed.wait()
