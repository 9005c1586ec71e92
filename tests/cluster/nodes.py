"""Gateway processes as the bus knows them, on a real Redis, and waiting for what they should hear."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

from hub.gateway import frames
from hub.gateway.bus import Command
from hub.gateway.frames import Frame
from hub.gateway.redis_address import parse
from hub.gateway.redis_bus import RedisBus
from hub.gateway.redis_people import People
from hub.gateway.redis_presence import RedisPresence
from hub.gateway.redis_shards import Shards
from hub.gateway.redis_wire import Codec, key_from
from tests.clock import MovableClock

PATIENCE = 10.0
ROOM = "conversation:1"
SECRET = "the-secret-of-all-nodes-of-the-tests"


def make_bus(url: str, *, prefix: str = "hub", secret: str = SECRET) -> RedisBus:
    node = secrets.token_bytes(8)
    return RedisBus(Shards(parse(url), node.hex(), prefix), Codec(key_from(secret), node), prefix)


class Node:
    """What one node of the bus has heard."""

    def __init__(self, bus: RedisBus) -> None:
        self.bus = bus
        self.frames: list[tuple[str, Frame]] = []
        self.commands: list[tuple[str, Command]] = []
        self.broken: list[str] = []
        bus.subscribe(self._deliver, self._obey)
        bus.on_break = self._on_break
        self._changed = asyncio.Event()

    def _deliver(self, room: str, frame: Frame) -> None:
        self.frames.append((room, frame))
        self._changed.set()

    def _obey(self, room: str, command: Command) -> None:
        self.commands.append((room, command))
        self._changed.set()

    def _on_break(self, rooms: Collection[str]) -> None:
        self.broken.extend(rooms)
        self._changed.set()

    @property
    def revs(self) -> list[int | None]:
        return [frame.rev for _room, frame in self.frames]

    async def until(self, true: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Waits until what was heard makes it true."""
        async with asyncio.timeout(seconds):
            while not true():
                self._changed.clear()
                await self._changed.wait()

    async def listens(self, *rooms: str) -> None:
        """Wants the rooms, and hears them."""
        for room in rooms:
            self.bus.want(room)
        for room in rooms:
            await self.bus.listening(room)

    def say(self, *revs: int, room: str = ROOM) -> None:
        for rev in revs:
            self.bus.publish(room, frames.event("message.new", {"rev": rev}, rev=rev))


@asynccontextmanager
async def nodes(url: str, count: int = 2) -> AsyncIterator[list[Node]]:
    """Started nodes on one Redis."""
    made = [Node(make_bus(url)) for _ in range(count)]
    try:
        for node in made:
            await node.bus.start()
        yield made
    finally:
        for node in made:
            await node.bus.stop()


async def eventually(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """For what gives no signal, such as counters."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@asynccontextmanager
async def presence_node(
    url: str, *, prefix: str = "hub", grace: float = 0.05, lease: float = 8.0, beat: float = 2.5
) -> AsyncIterator[RedisPresence]:
    """The presence store of one node."""
    bus = make_bus(url, prefix=prefix)
    presence = RedisPresence(People(bus._shards, prefix, lease_seconds=lease), MovableClock(), grace, beat_seconds=beat)
    await bus.start()
    await presence.start()
    try:
        yield presence
    finally:
        await presence.stop()
        await bus.stop()
