"""A Socket.IO client on raw WebSocket frames, so lean that one process holds 10,000 and the server stays the slower.

Speaks Engine.IO 4 and Socket.IO 5 over one WebSocket, text packets only: `0{…}` open, `2` ping, `3` pong,
`40{auth}` connect, `42<id>["event",payload]` request, `43<id>[answer]` ack, `44{…}` refused.
"""

import asyncio
import socket as network
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, NamedTuple, cast

import msgspec

from loadtests import wire

CONNECT_SECONDS = 20.0
ANSWER_SECONDS = 20.0
MOST_HEAD = 65_536
IP_BIND_ADDRESS_NO_PORT = 24
"""ip(7); the socket module has it from Python 3.12 on."""
_encode = msgspec.json.Encoder().encode
_PONG = wire.masked(b"3")

OnEvent = Callable[[bytes, float], None]
"""Gets the JSON text `["event",payload]` and when it came (perf_counter)."""
OnAck = Callable[[bytes, float], None]
"""Gets the JSON text of an ack's arguments and when it came (perf_counter)."""
OnClose = Callable[["Socket", Exception | None], None]
"""Called once when a connected socket has ended, by whichever side."""


class SocketFailed(RuntimeError):
    """The socket was refused or went away; the text says how."""


class Answer(NamedTuple):
    """An ack: when it came (perf_counter) and the JSON text of its arguments."""

    at: float
    text: bytes


class Arrivals:
    """Counts the events of many sockets, and reads a number out of one in `every`, to time it.

    For crowds: counting costs a fraction of what a call for each event would.
    """

    __slots__ = ("_left", "_marker", "_on_sample", "count", "every")

    def __init__(
        self, marker: bytes = b'"i":', every: int = 0, on_sample: Callable[[int, float], None] | None = None
    ) -> None:
        self.count = 0
        self.every = every if on_sample else 0
        """0: none is read."""
        self._marker = marker
        self._on_sample = on_sample
        self._left = every

    def sample(self, text: bytes, at: float) -> None:
        """Reads the number after the marker; None is made of an event without one."""
        begin = text.find(self._marker)
        if begin < 0 or self._on_sample is None:
            return
        begin += len(self._marker)
        end = begin
        while text[end : end + 1].isdigit():
            end += 1
        if end > begin:
            self._on_sample(int(text[begin:end]), at)

    def due(self) -> bool:
        """Whether the event that was just counted is one to read."""
        self._left -= 1
        if self._left > 0:
            return False
        self._left = self.every
        return True


class Socket(asyncio.Protocol):
    """One WebSocket of a Socket.IO client. Made by `connect`."""

    __slots__ = (
        "_closed",
        "_connected",
        "_handshake",
        "_inflate",
        "_last_id",
        "_parts",
        "_rest",
        "_token",
        "_transport",
        "_vanished",
        "_waiting",
        "arrivals",
        "compressed",
        "events",
        "on_close",
        "on_event",
        "sid",
    )

    def __init__(
        self,
        handshake: tuple[bytes, bytes],
        auth: Any,
        on_event: OnEvent | None = None,
        arrivals: Arrivals | None = None,
        on_close: OnClose | None = None,
    ) -> None:
        self.on_event = on_event
        self.arrivals = arrivals
        self.on_close = on_close
        self.sid = ""
        """The Socket.IO id that the server gave."""
        self.compressed = False
        """Whether the server took the offer of permessage-deflate."""
        self.events = 0
        """Events that were handed to `on_event`."""
        self._handshake: tuple[bytes, bytes] | None = handshake
        self._token = b"40" if auth is None else b"40" + _encode(auth)
        self._connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting: dict[int, OnAck] = {}
        self._last_id = 0
        self._rest = b""
        self._parts: list[bytes] = []
        self._inflate: wire.Inflate | None = None
        self._transport: asyncio.Transport | None = None
        self._closed = False
        self._vanished = False

    # --- what a user of the socket calls --------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        """Whether the socket is connected and has not ended."""
        return not self._closed and not self._vanished and self._connected.done()

    @property
    def unanswered(self) -> int:
        """Requests that wait for their ack."""
        return len(self._waiting)

    def send(self, packet: bytes) -> None:
        """Sends one Engine.IO packet as it is, such as b'42["event",1]'. Raises SocketFailed."""
        if self._transport is None or self._closed:
            raise SocketFailed("the socket is closed")
        self._transport.write(wire.masked(packet))

    def write(self, frames: bytes) -> None:
        """Sends bytes as they are, also broken ones. Raises SocketFailed."""
        if self._transport is None or self._closed:
            raise SocketFailed("the socket is closed")
        self._transport.write(frames)

    def emit(self, event: str, payload: Any) -> None:
        """Sends an event that wants no ack."""
        self.send(b'42["%b",%b]' % (event.encode(), _encode(payload)))

    def request(self, event: str, payload: Any, on_ack: OnAck) -> int:
        """Sends an event and has its ack called back; gives its number, for `forget`. Raises SocketFailed."""
        self._last_id += 1
        number = self._last_id
        self.send(b'42%d["%b",%b]' % (number, event.encode(), _encode(payload)))
        self._waiting[number] = on_ack
        return number

    def forget(self, number: int) -> None:
        """Stops waiting for an ack."""
        self._waiting.pop(number, None)

    async def ask(self, event: str, payload: Any, seconds: float = ANSWER_SECONDS) -> Answer:
        """Sends a request and waits for its ack. Raises SocketFailed, TimeoutError."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def on_ack(text: bytes, at: float) -> None:
            if answer.done():
                return
            if text:
                answer.set_result(Answer(at, text))
            else:
                answer.set_exception(SocketFailed("the socket was closed"))

        number = self.request(event, payload, on_ack)
        try:
            async with asyncio.timeout(seconds):
                return await answer
        finally:
            self.forget(number)

    def pause_reading(self) -> None:
        """Becomes a slow reader: nothing is read, pings go unanswered."""
        if self._transport is not None and not self._closed:
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Reads again."""
        if self._transport is not None and not self._closed:
            self._transport.resume_reading()

    def vanish(self) -> None:
        """Becomes half-open: the connection stays, but nothing is read, answered, sent or closed any more."""
        self._vanished = True
        self.pause_reading()

    def abort(self) -> None:
        """Drops the connection without a closing frame, as a client does that loses its power or its network."""
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Leaves politely: a closing frame, then the end of the connection."""
        if self._transport is not None and not self._closed:
            self._transport.write(wire.masked(b"\x03\xe8", wire.CLOSE))
            self._transport.close()

    async def connected(self) -> None:
        """Waits until the namespace was joined. Raises SocketFailed."""
        await self._connected

    # --- what the event loop calls --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asks for the WebSocket."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without being its subclass
        assert self._handshake is not None  # noqa: S101  (nothing was answered yet)
        self._transport.write(self._handshake[1])

    def data_received(self, data: bytes) -> None:
        """Takes every whole frame out of what came; the rest waits for more."""
        if self._rest:
            data = self._rest + data
            self._rest = b""
        if self._handshake is not None:
            data = self._switch(data)
        at = time.perf_counter()
        pos, end = 0, len(data)
        arrivals = self.arrivals
        while end - pos >= 2:
            # The usual frame, of less than 64 kB, is measured right here: a call would double its cost.
            length = data[pos + 1]
            if length < 126:
                begin = pos + 2
                after = begin + length
            elif length == 126 and end - pos >= 4:
                begin = pos + 4
                after = begin + (data[pos + 2] << 8 | data[pos + 3])
            else:
                begin, after = wire.frame_end(data, pos, end)
            if after > end or not after:
                break
            if arrivals is not None and data[pos] == 0x81 and data[begin : begin + 2] == b"42":
                arrivals.count += 1
                if arrivals.every and arrivals.due():
                    arrivals.sample(data[begin + 2 : after], at)
            else:
                self._frame(data[pos], data[begin:after], at)
            pos = after
        if pos < end:
            self._rest = data[pos:] if pos else data

    def connection_lost(self, exc: Exception | None) -> None:
        """Fails what waits."""
        self._closed = True
        if self._connected.done():
            if self.on_close is not None:
                self.on_close(self, exc)
        else:
            self._fail("the server closed the connection")
        waiting, self._waiting = self._waiting, {}
        for on_ack in waiting.values():
            on_ack(b"", time.perf_counter())

    # --- packets --------------------------------------------------------------------------------------------------

    def _switch(self, data: bytes) -> bytes:
        """Reads the answer to the handshake; gives what came behind it."""
        assert self._handshake is not None  # noqa: S101  (the caller has looked)
        head, found, rest = data.partition(b"\r\n\r\n")
        if not found:
            self._rest = data
            if len(data) > MOST_HEAD:
                self._fail("the answer to the handshake does not end")
            return b""
        try:
            self.compressed = wire.accepted(head, self._handshake[0])
        except wire.BadHandshake as bad:
            self._fail(str(bad))
            return b""
        self._handshake = None
        return rest

    def _frame(self, first: int, payload: bytes, at: float) -> None:
        """Any frame that is not a plain whole text event: controls, parts, deflated ones."""
        opcode = first & 0x0F
        if opcode == wire.PING:
            self._answer(wire.masked(payload, wire.PONG))
        elif opcode == wire.CLOSE:
            if self._transport is not None:
                self._transport.close()
            self._fail(f"closed by the server with {int.from_bytes(payload[:2], 'big')}")
        elif opcode < wire.CLOSE:
            if first & wire.COMPRESSED and self._inflate is None:
                self._inflate = wire.Inflate()
            self._parts.append(bytes((first,)) + payload)
            if first & wire.FINAL:
                self._message(at)

    def _message(self, at: float) -> None:
        parts, self._parts = self._parts, []
        first = parts[0][0]
        data = b"".join([part[1:] for part in parts])
        if first & wire.COMPRESSED and self._inflate is not None:
            data = self._inflate(data)
        if first & 0x0F == wire.TEXT:
            self._packet(data, at)

    def _packet(self, data: bytes, at: float) -> None:
        kind = data[:2]
        if kind == b"42":
            self._event(data[2:], at)
        elif kind == b"43":
            begin = data.index(b"[")
            on_ack = self._waiting.pop(int(data[2:begin]), None)
            if on_ack is not None:
                on_ack(data[begin:], at)
        elif data == b"2":
            self._answer(_PONG)
        elif kind[:1] == b"0":
            self._answer(wire.masked(self._token))
        elif kind == b"40":
            self.sid = str(msgspec.json.decode(data[2:])["sid"])
            if not self._connected.done():
                self._connected.set_result(None)
        elif kind in {b"44", b"41", b"1"}:
            self._fail(data.decode(errors="replace"))
            self.abort()

    def _event(self, text: bytes, at: float) -> None:
        if self.arrivals is not None:
            self.arrivals.count += 1
            if self.arrivals.every and self.arrivals.due():
                self.arrivals.sample(text, at)
        elif self.on_event is not None:
            self.events += 1
            self.on_event(text, at)

    def _answer(self, frame: bytes) -> None:
        if self._transport is not None and not self._vanished:
            self._transport.write(frame)

    def _fail(self, text: str) -> None:
        if not self._connected.done():
            self._connected.set_exception(SocketFailed(text))
            self._connected.exception()  # marks it as seen: whoever waits may have gone
            self.abort()


async def connect(
    host: str,
    port: int,
    *,
    auth: Any = None,
    source: str | None = None,
    deflate: bool = False,
    path: str = "/socket.io/",
    on_event: OnEvent | None = None,
    arrivals: Arrivals | None = None,
    on_close: OnClose | None = None,
    headers: dict[str, str] | None = None,
) -> Socket:
    """Opens a WebSocket and joins the namespace `/`.

    Args:
        host: The server, as an address or a name; an IPv4 address when there is a source.
        port: Its port.
        auth: The payload of CONNECT; None sends none.
        source: The address to come from, such as 127.0.0.2: one address has about 28,000 ports.
        deflate: Offers permessage-deflate, as browsers do; whether it was taken, `compressed` says.
        path: Where Engine.IO is.
        on_event: Called with each event, unless `arrivals` counts them.
        arrivals: Counts the events instead.
        on_close: Called once when the socket has ended after it was connected.
        headers: More headers for the handshake.

    Raises:
        SocketFailed: refused, or closed meanwhile.
        TimeoutError: not connected within CONNECT_SECONDS.
        OSError: nobody listens there.
    """
    loop = asyncio.get_running_loop()
    key = wire.new_key()
    target = f"{path}?EIO=4&transport=websocket"
    asked = wire.upgrade(f"{host}:{port}", target, key, deflate=deflate, headers=headers or {})
    async with asyncio.timeout(CONNECT_SECONDS):

        def make() -> Socket:
            return Socket((key, asked), auth, on_event, arrivals, on_close)

        if source is None:
            transport, socket = await loop.create_connection(make, host, port)
        else:
            transport, socket = await loop.create_connection(make, sock=await _from(source, host, port))
        try:
            await socket.connected()
        except BaseException:
            with suppress(OSError):
                transport.abort()
            raise
    return socket


async def _from(source: str, host: str, port: int) -> network.socket:
    """A connection from an address, of which the port is chosen by the connecting: a bind would keep it from everybody.

    So ports of connections that have just ended are taken again, and thousands can come and go all day.
    """
    origin = network.socket(network.AF_INET, network.SOCK_STREAM)
    try:
        origin.setblocking(False)
        if sys.platform == "linux":
            origin.setsockopt(network.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        origin.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(origin, (host, port))
    except BaseException:
        origin.close()
        raise
    return origin


async def connect_many(count: int, open_one: Callable[[int], Awaitable[Socket]], at_once: int = 100) -> list[Socket]:
    """`count` sockets, `at_once` of them under way; those that were opened are dropped when one fails."""
    sockets: list[Socket] = []
    numbers = iter(range(count))

    async def opener() -> None:
        for number in numbers:
            socket = await open_one(number)
            sockets.append(socket)  # at once: what was opened must be known when another fails

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, count)):
                group.create_task(opener())
    except BaseExceptionGroup as failures:
        drop(sockets)
        raise failures.exceptions[0] from None
    except BaseException:
        drop(sockets)
        raise
    return sockets


def drop(sockets: list[Socket]) -> None:
    """Drops all of them at once, without a word."""
    for socket in sockets:
        socket.abort()


def source_address(number: int, each: int = 5_000) -> str:
    """The loopback address that the socket of this number comes from; `each` sockets share one."""
    which = number // each + 1
    return f"127.{which >> 14 & 0x7F}.{which >> 7 & 0x7F}.{(which & 0x7F) + 1}"
