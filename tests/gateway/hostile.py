"""What the tests of hostile clients share: a connection that does anything, and a neighbour whose pulse is taken."""

import asyncio
import json
from time import monotonic
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from hub.gateway.rooms import user_room
from tests.protocol.rfc6455 import TEXT, Wire, frame
from tests.running import Person, RunningHub

PATH = "/socket.io/?EIO=4&transport=websocket"
FREED_SECONDS = 5.0
"""Within which whoever misbehaves is gone, with all that was kept for them."""
WORST_SECONDS = 0.5
"""What a neighbour may notice; everything runs in one process here, the hostile client too."""


def text(packet: str) -> bytes:
    """The packet in a frame."""
    return frame(TEXT, packet.encode())


def request(number: int, event: str, payload: object) -> bytes:
    """A request in a frame."""
    return text(f"42{number}{json.dumps([event, payload])}")


async def freed(hub: RunningHub, *user_ids: str) -> None:
    """Waits until nothing is left of the sessions of these people; fails when it takes too long."""
    async with asyncio.timeout(FREED_SECONDS):
        while any(hub.hub.services.fanout.has(user_room(each)) for each in user_ids):  # noqa: ASYNC110  (nobody tells)
            await asyncio.sleep(0.01)


async def no_connections_but(hub: RunningHub, count: int, *, seconds: float = FREED_SECONDS) -> None:
    """Waits until so many connections are left; fails when it takes too long."""
    async with asyncio.timeout(seconds):
        while len(hub.hub.server.eio.sockets) > count:  # noqa: ASYNC110  (nobody tells)
            await asyncio.sleep(0.01)


class Hostile:
    """Opens connections to a hub; whatever it opened ends with it."""

    def __init__(self, hub: RunningHub) -> None:
        self._hub = hub
        self._wires: list[Wire] = []

    def leave(self) -> None:
        """Hangs up wherever it has not yet."""
        for wire in self._wires:
            wire.abort()

    async def connection(self, *, receive_buffer: int | None = None) -> Wire:
        """A WebSocket of which nothing is known."""
        where = urlsplit(self._hub.base)
        wire = await Wire.open(str(where.hostname), int(where.port or 0), receive_buffer=receive_buffer)
        self._wires.append(wire)
        assert (await wire.request(PATH)).status == 101
        assert (await wire.message())[:1] == b"0"
        return wire

    async def connected(self, user_id: str, *, receive_buffer: int | None = None) -> Wire:
        """A WebSocket with a session of this person."""
        wire = await self.connection(receive_buffer=receive_buffer)
        wire.send(text("40" + json.dumps({"token": self._hub.token(user_id, "fan")})))
        while not (await wire.message()).startswith(b'42["session.ready"'):
            pass
        return wire

    async def opened(self, user_id: str, conversation_id: str, *, receive_buffer: int | None = None) -> Wire:
        """The same, and it gets the conversation's live events."""
        wire = await self.connected(user_id, receive_buffer=receive_buffer)
        wire.send(request(1, "conversation.open", {"conversation_id": conversation_id}))
        while not (await wire.message()).startswith(b"431["):
            pass
        return wire


class Pulse:
    """Asks for a neighbour, again and again, and measures how long each answer takes."""

    def __init__(self, neighbour: Person) -> None:
        self._neighbour = neighbour
        self._took: list[float] = []

    async def __aenter__(self) -> Self:
        self._beating = asyncio.create_task(self._beat())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            before = len(self._took)
            async with asyncio.timeout(WORST_SECONDS + 1):
                while len(self._took) < before + 2:  # noqa: ASYNC110  (the last answers are part of it)
                    await asyncio.sleep(0.01)
        self._beating.cancel()
        if error is None:
            assert max(self._took) < WORST_SECONDS, self._took

    async def _beat(self) -> None:
        while True:
            began = monotonic()
            await self._neighbour.ask("time.get")
            self._took.append(monotonic() - began)
            await asyncio.sleep(0.02)
