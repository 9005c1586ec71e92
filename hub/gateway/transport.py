"""The WebSocket below a Socket.IO connection: RFC 6455 spoken directly on the event loop's transport.

aiohttp serves the HTTP request and hands the connection over. From then on a connection is this one small object: no
task, no reader, no queue, no request. Extensions are refused; permessage-deflate would cost 90-130 kB for each browser.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from hashlib import sha1
from typing import Protocol, cast

from aiohttp._websocket.helpers import (
    websocket_mask,
)  # in C; a Python loop over the bytes would cost more than the rest
from aiohttp.web import Request, StreamResponse

from hub.gateway.frames import CLOSE, PONG, TEXT, websocket

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, 1.3."""
CONTINUATION_OPCODE, TEXT_OPCODE, BINARY_OPCODE, CLOSE_OPCODE, PING_OPCODE, PONG_OPCODE = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
NORMAL, PROTOCOL_ERROR, NOT_UTF8, TOO_BIG = 1000, 1002, 1007, 1009
"""RFC 6455, 7.4.1."""
CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})
"""Codes below 3000 that a peer may send."""
MOST_FRAGMENTS = 10_000
"""Of one message: endless empty ones end too."""
LINGER_SECONDS = 5.0
"""A closed peer that does not take what is left for it within this is cut off."""
KERNEL_BYTES = 65_536
"""Asked of the kernel, which doubles it; left alone it takes up to 4 MB for a peer that does not read."""
WRITE_HIGH, WRITE_LOW = 65_536, 16_384
"""Bytes in the transport at which it asks to be given no more, and at which it takes more again."""


class Receiver(Protocol):
    """What a WebSocket tells of."""

    def received(self, message: str | bytes) -> None:
        """A whole message came."""

    def can_write(self, more: bool) -> None:  # noqa: FBT001  (asked by a transport, with one bit)
        """The transport is full, or can take more again."""

    def broken(self, code: int, reason: str) -> None:
        """The peer broke the protocol: nothing more is read; the receiver closes, at once or soon."""

    def gone(self, reason: str) -> None:
        """The connection ended; called once."""


class WebSocketError(Exception):
    """The peer broke the protocol; `code` is what it is told."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class WebSocket(asyncio.Protocol):
    """One WebSocket connection, server side."""

    __slots__ = (
        "_broken",
        "_buffer",
        "_closing",
        "_fragments",
        "_kind",
        "_limit",
        "_linger",
        "_needed",
        "_receiver",
        "_size",
        "_transport",
        "paused",
        "write",
    )

    def __init__(self, receiver: Receiver, limit: int) -> None:
        self._receiver: Receiver | None = receiver
        self._limit = limit
        self._buffer: bytearray | None = None
        self._needed = 0
        self._broken = False
        self._fragments: list[bytes] | None = None
        self._kind = 0
        self._size = 0
        self._closing = False
        self._linger: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self.paused = False
        self.write: Callable[[bytes], None] = _into_nothing
        """Writes bytes that are whole frames."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Takes the connection over."""
        taken = self._transport = cast("asyncio.Transport", transport)  # uvloop's only looks like one
        taken.set_write_buffer_limits(WRITE_HIGH, WRITE_LOW)
        kernel = taken.get_extra_info("socket")
        if kernel is not None:
            kernel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        self.write = taken.write

    # --- reading ----------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Takes the segment apart into messages."""
        if self._broken:
            return
        if self._buffer is not None:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return
            data, self._buffer = bytes(self._buffer), None
        try:
            used = self._parse(data)
        except WebSocketError as error:
            self._broken = True
            if self._receiver is not None:
                self._receiver.broken(error.code, error.reason)
            return
        if used < len(data) and not self._closing:
            self._buffer = bytearray(data[used:] if used else data)
        elif self._closing:
            self._buffer = None

    def _parse(self, data: bytes) -> int:  # noqa: C901  (the hottest loop of the gateway: calls would cost more)
        """Handles all whole frames; gives how many bytes they were, and notes how many the next one needs."""
        position, end = 0, len(data)
        while not self._closing:
            start = position + 2
            if end < start:
                self._needed = 2
                break
            first, length = data[position], data[position + 1] - 128
            if length < 0:
                raise WebSocketError(PROTOCOL_ERROR, "a client's frames must be masked")
            if length == 126:  # noqa: PLR2004  (RFC 6455, 5.2: two bytes of length follow)
                start += 2
                if end < start:
                    self._needed = start - position
                    break
                length = int.from_bytes(data[position + 2 : start], "big")
            elif length == 127:  # noqa: PLR2004  (eight bytes of length follow)
                start += 8
                if end < start:
                    self._needed = start - position
                    break
                length = int.from_bytes(data[position + 2 : start], "big")
            if length > self._limit:
                raise WebSocketError(TOO_BIG, f"a message may have {self._limit} bytes")
            stop = start + 4 + length
            if first & 0x70 or (first & 0x8 and (length > 125 or first < 0x80)):  # noqa: PLR2004  (RFC 6455, 5.5)
                raise WebSocketError(PROTOCOL_ERROR, "not a frame of this connection")
            if end < stop:
                self._needed = stop - position
                break
            payload = bytearray(data[start + 4 : stop])
            websocket_mask(data[start : start + 4], payload)
            if first == TEXT and self._fragments is None:
                self._text(payload)  # nearly every frame
            else:
                self._frame(first, payload)
            position = stop
        return position

    def _text(self, payload: bytes | bytearray) -> None:
        try:
            message = payload.decode()
        except UnicodeDecodeError:
            raise WebSocketError(NOT_UTF8, "text must be UTF-8") from None
        if self._receiver is not None:
            self._receiver.received(message)

    def _frame(self, first: int, data: bytearray) -> None:
        payload = bytes(data)
        opcode = first & 0x0F
        if opcode in {CONTINUATION_OPCODE, TEXT_OPCODE, BINARY_OPCODE}:
            self._data_frame(opcode, payload, final=first >= 0x80)  # noqa: PLR2004  (the FIN bit)
        elif opcode == PING_OPCODE:
            if not self._closing and not self.paused:
                self.write(websocket(PONG, payload))
        elif opcode == CLOSE_OPCODE:
            self._closed_by_peer(payload)
        elif opcode != PONG_OPCODE:
            raise WebSocketError(PROTOCOL_ERROR, "an unknown kind of frame")

    def _data_frame(self, opcode: int, payload: bytes, *, final: bool) -> None:
        if (opcode == CONTINUATION_OPCODE) != (self._fragments is not None):
            raise WebSocketError(PROTOCOL_ERROR, "fragments out of order")
        if self._fragments is None:
            if final:
                self._message(opcode, payload)
            else:
                self._kind, self._fragments, self._size = opcode, [payload], len(payload)
            return
        self._fragments.append(payload)
        self._size += len(payload)
        if self._size > self._limit or len(self._fragments) > MOST_FRAGMENTS:
            raise WebSocketError(TOO_BIG, f"a message may have {self._limit} bytes")
        if final:
            whole, self._fragments = b"".join(self._fragments), None
            self._message(self._kind, whole)

    def _message(self, opcode: int, payload: bytes) -> None:
        if opcode == TEXT_OPCODE:
            self._text(payload)
        elif self._receiver is not None:
            self._receiver.received(payload)

    def _closed_by_peer(self, payload: bytes) -> None:
        code, reason = (int.from_bytes(payload[:2], "big"), payload[2:]) if payload else (NORMAL, b"")
        if len(payload) == 1 or not (3000 <= code < 5000 or code in CODES):  # noqa: PLR2004  (RFC 6455, 7.4.2)
            raise WebSocketError(PROTOCOL_ERROR, "not a close code")
        try:
            reason.decode()
        except UnicodeDecodeError:
            raise WebSocketError(NOT_UTF8, "a reason must be UTF-8") from None
        self.close(code)

    def pause_reading(self) -> None:
        """The connection's requests come faster than they are answered."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Takes requests again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    # --- writing ----------------------------------------------------------------------------------------------------

    def pending(self) -> int:
        """Bytes that were written here and the kernel has not taken."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def pause_writing(self) -> None:
        """The transport is full."""
        self.paused = True
        if self._receiver is not None:
            self._receiver.can_write(False)

    def resume_writing(self) -> None:
        """The transport takes more."""
        self.paused = False
        if self._receiver is not None:
            self._receiver.can_write(True)

    # --- ending -----------------------------------------------------------------------------------------------------

    def close(self, code: int = NORMAL, reason: str = "", *, linger: float = LINGER_SECONDS) -> None:
        """Ends the connection; what was written goes out first, for a few seconds. Reasons have 123 bytes at most."""
        transport = self._transport
        if self._closing or transport is None:
            return
        self._closing = True
        transport.write(websocket(CLOSE, struct.pack("!H", code) + reason.encode()[:123]))
        self.write = _into_nothing
        self._linger = asyncio.get_running_loop().call_later(linger, transport.abort)
        transport.close()

    def abort(self) -> None:
        """Cuts the connection off; what was not taken is dropped."""
        self._closing = True
        self.write = _into_nothing
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, _error: Exception | None) -> None:
        """The transport is gone."""
        receiver, self._receiver = self._receiver, None
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        self.write = _into_nothing
        self._transport = None
        self._buffer = self._fragments = None
        if receiver is not None:
            receiver.gone("transport close")

    @property
    def closing(self) -> bool:
        """Whether it is ending, or has ended."""
        return self._closing or self._transport is None


def _into_nothing(_data: bytes) -> None:
    """Where writes to an ended connection go."""


# --- the handshake --------------------------------------------------------------------------------------------------


class HandedOver(StreamResponse):
    """Tells aiohttp that the request was answered and its connection is somebody else's now."""

    async def prepare(self, _request: object) -> None:
        """Nothing is left to write."""

    async def write_eof(self, _data: bytes = b"") -> None:
        """Nothing is left to end."""

    @property
    def prepared(self) -> bool:
        """No header can be added any more."""
        return True


def handshake_error(request: Request) -> tuple[int, dict[str, str]] | None:
    """Why the request is not a WebSocket handshake: status and headers; None when it is one (RFC 6455, 4.2.1)."""
    headers = request.headers
    tokens = {each.strip().lower() for each in headers.get("Connection", "").split(",")}
    if request.method != "GET" or headers.get("Upgrade", "").strip().lower() != "websocket" or "upgrade" not in tokens:
        return 400, {}
    if headers.get("Sec-WebSocket-Version") != "13":
        return 426, {"Sec-WebSocket-Version": "13", "Upgrade": "websocket"}
    try:
        key = b64decode(headers.get("Sec-WebSocket-Key", ""), validate=True)
    except (NotBase64, ValueError):
        return 400, {}
    return None if len(key) == 16 else (400, {})  # noqa: PLR2004  (RFC 6455, 4.1: a nonce of 16 bytes)


def acceptance(key: str) -> bytes:
    """The head of the response that accepts a handshake with this key."""
    accept = b64encode(sha1(key.encode() + GUID).digest())  # noqa: S324  (RFC 6455 says SHA-1)
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept
    )


def detach(request: Request) -> bytes:
    """Takes a request's connection away from aiohttp; gives the bytes that came after the request.

    aiohttp's protocol must not close, or write to, what is no longer its own; then it is ended as by a lost connection,
    so that nothing keeps it.
    """
    old = request.protocol
    tail = bytes(old._message_tail)  # noqa: SLF001  (there is no public way to them)
    old.transport = None
    old.connection_lost(None)
    return tail


def take_over(request: Request, websocket_: WebSocket) -> HandedOver:
    """Answers the handshake and moves the connection from aiohttp's protocol to ours."""
    transport = request.transport
    if transport is None or transport.is_closing():
        raise ConnectionResetError
    transport.write(acceptance(request.headers["Sec-WebSocket-Key"]))
    tail = detach(request)
    transport.set_protocol(websocket_)
    websocket_.connection_made(transport)
    if tail:
        asyncio.get_running_loop().call_soon(websocket_.data_received, tail)
    return HandedOver(status=101)
