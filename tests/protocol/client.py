"""A client of Engine.IO 4 by long-polling and WebSocket, which adds nothing to what a test tells it to say."""

import asyncio
import json
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self

import aiohttp
import pytest

from tests.protocol.patience import AT_ONCE, SECONDS
from tests.protocol.rfc6455 import TEXT, Wire

SEPARATOR = "\x1e"
PING, PONG, NOOP = "2", "3", "6"


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def packets(self) -> list[str]:
        """Of a polling payload."""
        assert self.status == 200, self
        return self.text.split(SEPARATOR)


class Closed(Exception):
    """The WebSocket ended."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"close code {code}")
        self.code = code


class Client:
    """Opens sessions of the server at an address; whatever it opened ends with it."""

    def __init__(self, address: tuple[str, int], path: str) -> None:
        self.address, self.path = address, path
        self._sockets: list[Socket] = []
        self._wires: list[Wire] = []

    async def __aenter__(self) -> Self:
        host, port = self.address
        self.http = aiohttp.ClientSession(f"http://{host}:{port}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for wire in self._wires:
            wire.abort()
        for socket in self._sockets:
            await socket.close()
        await self.http.close()

    async def ask(self, method: str, query: str, body: str | bytes | None = None, **headers: str) -> Answer:
        """The answer to a request with this query."""
        async with (
            asyncio.timeout(SECONDS),
            self.http.request(method, f"{self.path}?{query}", data=body, headers=headers) as response,
        ):
            return Answer(response.status, await response.text(), response.headers)

    async def poller(self) -> "Poller":
        """A new session by long-polling."""
        opened = await self.ask("GET", "EIO=4&transport=polling")
        return Poller(self, json.loads(opened.packets[0][1:]))

    async def websocket(self, sid: str | None = None) -> "Socket":
        """A new session by WebSocket, or a WebSocket for a session that there is."""
        query = "EIO=4&transport=websocket" + (f"&sid={sid}" if sid else "")
        async with asyncio.timeout(SECONDS):
            socket = Socket(await self.http.ws_connect(f"{self.path}?{query}", max_msg_size=0))
        self._sockets.append(socket)
        if sid is None:
            socket.handshake = json.loads(str(await socket.raw())[1:])
        return socket

    async def refused_websocket(self, sid: str) -> None:
        """Asserts that the server knows no such session."""
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await self.websocket(sid)
        assert refused.value.status == 400

    async def closed_websocket(self, sid: str) -> None:
        """Asserts that a WebSocket for this session is closed at once: it has one."""
        socket = await self.websocket(sid)
        async with asyncio.timeout(AT_ONCE):
            await socket.closed()

    async def tcp(self) -> Wire:
        """A connection for those who write it byte by byte."""
        wire = await Wire.open(*self.address)
        self._wires.append(wire)
        return wire

    async def wire(self) -> Wire:
        """The same after a WebSocket handshake and Engine.IO's open packet."""
        wire = await self.tcp()
        response = await wire.request(f"{self.path}?EIO=4&transport=websocket")
        assert response.status == 101, response
        opened = await wire.frame()
        assert (opened.opcode, opened.payload[:1]) == (TEXT, b"0")
        return wire


class Poller:
    """A session by long-polling."""

    def __init__(self, client: Client, handshake: dict[str, Any]) -> None:
        self._client = client
        self.handshake = handshake
        self.sid: str = handshake["sid"]
        self.query = f"EIO=4&transport=polling&sid={self.sid}"

    async def get(self) -> Answer:
        """One poll."""
        return await self._client.ask("GET", self.query)

    async def post(self, *packets: str) -> Answer:
        """One POST."""
        return await self._client.ask("POST", self.query, SEPARATOR.join(packets))

    async def packet(self) -> list[str]:
        """What the next poll brings beside pings, which are answered."""
        while True:
            packets = (await self.get()).packets
            if PING in packets:
                await self.post(PONG)
            rest = [each for each in packets if each != PING]
            if rest:
                return rest

    async def packets(self, count: int) -> list[str]:
        """The next so many packets beside pings."""
        found: list[str] = []
        while len(found) < count:
            found += await self.packet()
        return found

    async def waiting(self) -> "asyncio.Task[Answer]":
        """A poll that the server has by now."""
        task = asyncio.create_task(self.get())
        await asyncio.sleep(0.02)
        assert not task.done(), task
        return task

    async def gone(self) -> None:
        """Asserts that the server does not know the session any more."""
        assert ((await self.get()).status, (await self.post("4hello")).status) == (400, 400)


class Socket:
    """A session by WebSocket."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self._websocket = websocket
        self.handshake: dict[str, Any] = {}

    async def send(self, *packets: str | bytes) -> None:
        for each in packets:
            if isinstance(each, str):
                await self._websocket.send_str(each)
            else:
                await self._websocket.send_bytes(each)

    async def raw(self) -> str | bytes:
        """The next packet, whatever it is. Raises Closed."""
        async with asyncio.timeout(SECONDS):
            message = await self._websocket.receive()
        if message.type in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
            data: str | bytes = message.data
            return data
        raise Closed(self._websocket.close_code)

    async def packet(self) -> str | bytes:
        """The next packet beside pings, which are answered. Raises Closed."""
        while (packet := await self.raw()) == PING:
            await self.send(PONG)
        return packet

    async def packets(self, count: int) -> list[str | bytes]:
        """The next so many."""
        return [await self.packet() for _ in range(count)]

    async def closed(self) -> int | None:
        """The close code, waiting for the close without answering pings."""
        try:
            while True:
                await self.raw()
        except Closed as closed:
            return closed.code

    async def close(self) -> None:
        """Ends it from here."""
        await self._websocket.close()

    def abort(self) -> None:
        """Hangs up."""
        assert self._websocket._writer.transport is not None
        self._websocket._writer.transport.abort()
