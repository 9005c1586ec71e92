"""A WebSocket that says exactly what a test tells it to: Engine.IO 4 and Socket.IO 5 without a client library."""

import asyncio
import json
import re
from types import TracebackType
from typing import Any, Self

import aiohttp

from tests.running import PATIENCE

EVENT = re.compile(r"42(\[.*)", re.DOTALL)
ACK = re.compile(r"43(\d+)(\[.*)", re.DOTALL)


class RawSocket:
    """One connection; `frames` is every text frame that came, in order."""

    def __init__(self, base: str, token: str | None = None, **auth: Any) -> None:
        self._url = f"{base}/socket.io/?EIO=4&transport=websocket"
        self._auth = None if token is None else {"token": token, **auth}
        self._ids = iter(range(1, 1_000_000))
        self.frames: list[str] = []
        self.code: int | None = None
        """Of the close frame, once there was one."""

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        self.socket = await self._http.ws_connect(self._url, max_msg_size=0)
        await self.frame("0")
        if self._auth is not None:
            await self.say("40" + json.dumps(self._auth))
            await self.event("session.ready")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close()
        await self._http.close()

    async def say(self, text: str) -> None:
        await self.socket.send_str(text)

    async def say_bytes(self, data: bytes) -> None:
        await self.socket.send_bytes(data)

    async def frame(self, prefix: str) -> str:
        """The first frame from now on that begins so."""
        while True:
            text = await self._next()
            if text is None:
                raise AssertionError(f"closed with {self.code} before {prefix!r} came: {self.frames[-3:]}")
            if text.startswith(prefix):
                return text

    async def event(self, name: str) -> Any:
        """The payload of the first event from now on with this name."""
        return json.loads((await self.frame(f'42["{name}"'))[2:])[1]

    async def acks(self, count: int) -> list[tuple[int, Any]]:
        """The next `count` acks as they come: their ids and answers."""
        found = []
        while len(found) < count:
            match = ACK.fullmatch(await self.frame("43"))
            assert match, self.frames[-1]
            found.append((int(match[1]), json.loads(match[2])[0]))
        return found

    async def ask(self, event: Any, *payloads: Any) -> Any:
        """The answer of the next ack, which must be this request's."""
        number = next(self._ids)
        await self.say(f"42{number}" + json.dumps([event, *payloads]))
        ((acked, answer),) = await self.acks(1)
        assert acked == number
        return answer

    async def closed(self) -> int | None:
        """The close code, waiting for the close."""
        while await self._next() is not None:
            pass
        return self.code

    def named(self, event: str) -> list[Any]:
        """The payloads of the events of this name among what was read."""
        events = [json.loads(match[1]) for frame in self.frames if (match := EVENT.fullmatch(frame))]
        return [each[1] for each in events if each[0] == event]

    async def _next(self) -> str | None:
        async with asyncio.timeout(PATIENCE):
            message = await self.socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            self.frames.append(message.data)
            return str(message.data)
        # aiohttp forgets the code when the peer was gone before it could answer the close frame.
        self.code = message.data if message.type is aiohttp.WSMsgType.CLOSE else self.socket.close_code
        return None


class RawPoller:
    """The same by long-polling: one POST or GET at a time, with the bytes that the test gives."""

    def __init__(self, base: str) -> None:
        self._base = base
        self.gone = False
        """Whether the session is known to have ended, so that there is nothing to take leave of."""

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession()
        self._url = f"{self._base}/socket.io/?EIO=4&transport=polling"
        opened = (await self.poll())[0]
        self.sid = json.loads(opened[1:])["sid"]
        self._url += f"&sid={self.sid}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.gone:
            await self.post("1")
        await self._http.close()

    @property
    def path(self) -> str:
        """Of the next request, for those who write it byte by byte."""
        return self._url.removeprefix(self._base)

    async def connect(self, token: str) -> None:
        await self.post("40" + json.dumps({"token": token}))
        await self.until('42["session.ready"')

    async def post(self, body: str | bytes) -> int:
        """The status of the answer to a POST."""
        async with asyncio.timeout(PATIENCE), self._http.post(self._url, data=body) as response:
            await response.read()
            return response.status

    async def poll(self) -> list[str]:
        """The packets of the next GET."""
        async with asyncio.timeout(PATIENCE), self._http.get(self._url) as response:
            text = await response.text()
            assert response.status == 200, text
            return text.split("\x1e")

    async def until(self, prefix: str) -> list[str]:
        """Everything up to and with the first packet that begins so."""
        packets: list[str] = []
        while not any(packet.startswith(prefix) for packet in packets):
            packets += await self.poll()
        return packets
