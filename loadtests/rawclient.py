"""A lean Socket.IO client over one WebSocket (Engine.IO 4, Socket.IO protocol 5, text packets only).

The stock client would spend more CPU than the server that it measures. This one does no more than the frames need:
`0{…}` open, `2` ping, `3` pong, `40{auth}` connect, `42<id>["event",payload]` request, `43<id>[answer]` ack.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import aiohttp
import msgspec

CONNECT_SECONDS = 20.0
_encode = msgspec.json.Encoder().encode


class ConnectionFailed(RuntimeError):
    """The socket was refused or went away; the text says how."""


class Answer(NamedTuple):
    """An ack: when it came (perf_counter) and the JSON text of its arguments."""

    at: float
    text: str


OnEvent = Callable[[str, float], None]
"""Gets the JSON text `["event",payload]` and when it came (perf_counter)."""


class RawClient:
    """One connected socket."""

    def __init__(self, http: aiohttp.ClientSession, base: str, token: str, on_event: OnEvent) -> None:
        self._http = http
        self._url = f"{base}/socket.io/?EIO=4&transport=websocket"
        self._token = token
        self._on_event = on_event
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._last_id = 0
        self._reading: asyncio.Task[None] | None = None
        self._connected: asyncio.Future[None] | None = None

    async def connect(self) -> None:
        """Opens the socket and joins the namespace. Raises ConnectionFailed."""
        self._connected = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(CONNECT_SECONDS):
            self._socket = await self._http.ws_connect(self._url, compress=0, max_msg_size=0)
            self._reading = asyncio.create_task(self._read(self._socket))
            await self._connected

    async def request(self, event: str, payload: Any) -> asyncio.Future[Answer]:
        """Sends a request; the future is its ack, or ConnectionFailed."""
        if self._socket is None or self._socket.closed:
            raise ConnectionFailed("the socket is closed")
        self._last_id += 1
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[self._last_id] = answer
        await self._socket.send_str(f'42{self._last_id}["{event}",{_encode(payload).decode()}]')
        return answer

    async def close(self) -> None:
        """Leaves."""
        if self._socket is not None:
            await self._socket.close()
        if self._reading is not None:
            await self._reading

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._packet(socket, message.data, time.perf_counter())
        finally:
            self._fail(ConnectionFailed("the socket was closed"))

    async def _packet(self, socket: aiohttp.ClientWebSocketResponse, text: str, at: float) -> None:
        kind = text[:2]
        if kind == "42":
            self._on_event(text[2:], at)
        elif kind == "43":
            begin = text.index("[")
            answer = self._waiting.pop(int(text[2:begin]), None)
            if answer is not None and not answer.done():
                answer.set_result(Answer(at, text[begin:]))
        elif kind == "2":
            await socket.send_str("3")
        elif kind[:1] == "0":
            await socket.send_str(f"40{_encode({'token': self._token}).decode()}")
        elif kind == "40" and self._connected is not None and not self._connected.done():
            self._connected.set_result(None)
        elif kind == "44":
            self._fail(ConnectionFailed(text[2:]))

    def _fail(self, error: ConnectionFailed) -> None:
        waiting: list[asyncio.Future[Any]] = [*self._waiting.values(), *([self._connected] if self._connected else [])]
        self._waiting.clear()
        for future in waiting:
            if not future.done():
                future.set_exception(error)
                future.exception()  # marks it as seen: whoever asked may have gone
