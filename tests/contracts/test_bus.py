"""Every Bus: what one publisher sends reaches a room in the order of publishing, once, on every node that wants it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from hub.gateway import frames
from hub.gateway.bus import Bus, Command, Disconnect, MemoryBus, Touch
from hub.gateway.frames import Frame, Priority
from tests.cluster.nodes import make_bus


class Node:
    """A gateway process as the bus knows it."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.got: list[tuple[str, Frame | Command]] = []
        self._more = asyncio.Event()
        bus.subscribe(self._take, self._take)

    def _take(self, room: str, what: Frame | Command) -> None:
        self.got.append((room, what))
        self._more.set()

    async def has(self, count: int) -> list[tuple[str, Frame | Command]]:
        async with asyncio.timeout(5):
            while len(self.got) < count:
                self._more.clear()
                await self._more.wait()
        return self.got


@asynccontextmanager
async def memory(_request: pytest.FixtureRequest) -> AsyncIterator[list[Node]]:
    bus = MemoryBus()
    await bus.start()
    yield [Node(bus)]  # one process is one node
    await bus.stop()


@asynccontextmanager
async def redis(request: pytest.FixtureRequest) -> AsyncIterator[list[Node]]:
    url = request.getfixturevalue("redis_server").url
    nodes = [Node(make_bus(url)), Node(make_bus(url))]
    for node in nodes:
        await node.bus.start()
    yield nodes
    for node in nodes:
        await node.bus.stop()


BUSES: dict[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[list[Node]]]] = {
    "memory": memory,
    "redis": redis,
}


@pytest.fixture(params=BUSES)
async def nodes(request: pytest.FixtureRequest) -> AsyncIterator[list[Node]]:
    """The nodes of one bus; the first is the one that publishes."""
    async with BUSES[request.param](request) as made:
        yield made


async def all_want(nodes: list[Node], room: str) -> None:
    for node in nodes:
        node.bus.want(room)
        await node.bus.listening(room)


async def test_every_node_gets_every_frame_once_in_the_order_of_publishing(nodes: list[Node]) -> None:
    sent = [frames.event("message.new", {"n": n}, rev=n) for n in range(100)]
    await all_want(nodes, "conversation:1")

    for frame in sent:
        nodes[0].bus.publish("conversation:1", frame)

    for node in nodes:
        assert await node.has(100) == [("conversation:1", frame) for frame in sent]


async def test_a_frame_arrives_as_it_was_published(nodes: list[Node]) -> None:
    sent = frames.event(
        "typing", {"state": "start", "text": "é👍"}, rev=7, skip_user="fan", priority=Priority.TYPING, key="é"
    )
    await all_want(nodes, "user:é")

    nodes[0].bus.publish("user:é", sent)

    for node in nodes:
        assert await node.has(1) == [("user:é", sent)]


async def test_the_publisher_has_its_own_at_once(nodes: list[Node]) -> None:
    nodes[0].bus.publish("user:fan", frames.event("typing", {}))
    nodes[0].bus.command("user:fan", Touch("c"))

    assert len(nodes[0].got) == 2


async def test_commands_keep_their_place_among_the_frames(nodes: list[Node]) -> None:
    frame = frames.event("message.new", {}, rev=1)
    command = Disconnect("revoked", but_session="s")
    await all_want(nodes, "user:fan")

    nodes[0].bus.publish("user:fan", frame)
    nodes[0].bus.command("user:fan", command)
    nodes[0].bus.publish("user:fan", frame)

    for node in nodes:
        assert await node.has(3) == [("user:fan", frame), ("user:fan", command), ("user:fan", frame)]


async def test_a_room_may_be_wanted_and_left_many_times(nodes: list[Node]) -> None:
    for _ in range(3):
        await all_want(nodes, "conversation:1")
        for node in nodes:
            node.bus.unwant("conversation:1")
            node.bus.unwant("conversation:1")
    await all_want(nodes, "conversation:1")

    nodes[0].bus.publish("conversation:1", frames.event("typing", {}))

    for node in nodes:
        assert len(await node.has(1)) == 1


async def test_publishing_to_nobody_is_no_error(nodes: list[Node]) -> None:
    nodes[0].bus.publish("conversation:none", frames.event("typing", {}))
    nodes[0].bus.command("conversation:none", Disconnect("nobody"))
