"""What a frame costs on the bus, in CPU of the nodes that send and hear it: `python -m loadtests.bus_bench`.

Both nodes are in this process, so hearing is what the whole costs more than sending alone; Redis itself is not in it.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvloop

from hub.gateway import frames
from hub.gateway.bus import Command
from hub.gateway.frames import Frame
from hub.gateway.redis_address import parse
from hub.gateway.redis_bus import RedisBus
from hub.gateway.redis_shards import Shards
from hub.gateway.redis_wire import NODE_BYTES, Codec, key_from
from loadtests.redis import running_redis

FRAMES = 20_000
ROOMS = 1_000
BODY = "x" * 150
PATIENCE = 30.0


class Counting:
    """A node that counts what it hears."""

    def __init__(self, url: str) -> None:
        node = secrets.token_bytes(NODE_BYTES)
        self.bus = RedisBus(Shards(parse(url), node.hex(), "bench"), Codec(key_from("bench"), node), "bench")
        self.bus.subscribe(self._deliver, self._obey)
        self.heard = 0

    def _deliver(self, _room: str, _frame: Frame) -> None:
        self.heard += 1

    def _obey(self, _room: str, _command: Command) -> None:
        self.heard += 1


@asynccontextmanager
async def pair(url: str) -> AsyncIterator[tuple[Counting, Counting]]:
    """Two started nodes."""
    nodes = Counting(url), Counting(url)
    for node in nodes:
        await node.bus.start()
    try:
        yield nodes
    finally:
        for node in nodes:
            await node.bus.stop()


async def cost(url: str, burst: int, *, heard: bool) -> float:
    """Microseconds of CPU per frame when `burst` frames are published in a tick, heard by another node or by nobody."""
    sent = [frames.event("message.new", {"body": BODY, "seq": n}, rev=n) for n in range(FRAMES)]
    rooms = [f"conversation:{n}" for n in range(ROOMS)]
    async with pair(url) as (speaker, hearer):
        if heard:
            for room in rooms:
                hearer.bus.want(room)
            for room in rooms:
                await hearer.bus.listening(room)
        before = time.process_time()
        for first in range(0, FRAMES, burst):
            for n in range(first, min(first + burst, FRAMES)):
                speaker.bus.publish(rooms[n % ROOMS], sent[n])
            await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE):
            while hearer.heard < (FRAMES if heard else 0) or speaker.bus.waiting:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        return (time.process_time() - before) / FRAMES * 1e6


async def main(url: str) -> None:
    """Prints a table."""
    print(f"{'frames a tick':>14} {'sending, µs':>12} {'hearing, µs':>12}")
    for burst in (1, 10, 100):
        sending = await cost(url, burst, heard=False)
        both = await cost(url, burst, heard=True)
        print(f"{burst:>14} {sending:>12.1f} {both - sending:>12.1f}")


if __name__ == "__main__":
    with running_redis() as server:
        uvloop.run(main(server.url))
