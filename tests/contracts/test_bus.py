"""Every Bus: frames of one publisher reach a room in the order of publishing, whoever listens."""

import asyncio
from collections.abc import Callable

import pytest

from hub.gateway import frames
from hub.gateway.bus import Bus, MemoryBus
from hub.gateway.frames import Frame

BUSES: dict[str, Callable[[], Bus]] = {"memory": MemoryBus}


@pytest.fixture(params=BUSES)
def bus(request: pytest.FixtureRequest) -> Bus:
    return BUSES[request.param]()


class Node:
    """A gateway process as the bus knows it."""

    def __init__(self, bus: Bus) -> None:
        self.got: list[tuple[str, Frame]] = []
        self._more = asyncio.Event()
        bus.subscribe(self._deliver)

    def _deliver(self, room: str, frame: Frame) -> None:
        self.got.append((room, frame))
        self._more.set()

    async def has(self, count: int) -> list[tuple[str, Frame]]:
        async with asyncio.timeout(5):
            while len(self.got) < count:
                self._more.clear()
                await self._more.wait()
        return self.got


async def test_every_node_gets_every_frame_once_in_the_order_of_publishing(bus: Bus) -> None:
    nodes = [Node(bus), Node(bus)]
    sent = [frames.event("message.new", {"n": n}, rev=n) for n in range(100)]

    for frame in sent:
        await bus.publish("conversation:1", frame)

    for node in nodes:
        assert await node.has(100) == [("conversation:1", frame) for frame in sent]


async def test_a_frame_arrives_as_it_was_published(bus: Bus) -> None:
    node = Node(bus)
    sent = frames.event("typing", {"state": "start", "text": "é👍"}, rev=7, skip_user="fan")

    await bus.publish("user:é", sent)

    ((room, frame),) = await node.has(1)
    assert room == "user:é"
    assert (frame.rev, frame.skip_user, frame.packet.encode()) == (7, "fan", sent.packet.encode())


async def test_publishing_to_nobody_is_no_error(bus: Bus) -> None:
    await bus.publish("conversation:none", frames.event("typing", {}))
