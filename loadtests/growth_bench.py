"""`growth`: whether a delivered message costs the same on a server of 1,000, 5,000 and 10,000 sockets."""

import asyncio
import time

from loadtests.crowd import BODY_150, Bench, arrived, crowd, quiet, running
from loadtests.lines import Goal, Line, Server
from loadtests.peers.processes import Peer
from loadtests.sockets import Arrivals, drop

SIZES = (1_000, 5_000, 10_000)
QUICK_SIZES = (1_000, 3_000)
ROOM = 10
RATE = 500.0
"""Events a second, to rooms chosen in turn: 5,000 deliveries a second whatever the size."""


async def delivering(peer: Peer, count: int, seconds: float) -> float:
    """CPU microseconds for each delivery, what idle sockets cost included."""
    arrivals = Arrivals()
    sockets = await crowd(peer, count, arrivals=arrivals, rooms=lambda number: [f"room:{number // ROOM}"])
    await quiet(peer)
    number_of_events = int(RATE * seconds)
    before, began = peer.cpu_seconds(), time.perf_counter()
    expected = arrivals.count + number_of_events * ROOM
    for number in range(number_of_events):
        late = began + number / RATE - time.perf_counter()
        if late > 0:
            await asyncio.sleep(late)
        # A prime step, so that neighbours in time are no neighbours in memory.
        which = number * 7919 % count
        room = f"room:{which // ROOM}"
        sockets[which].emit("burst", {"room": room, "n": 1, "first": number, "body": BODY_150})
    await arrived(arrivals, expected)
    used = peer.cpu_seconds() - before
    drop(sockets)
    return used / (number_of_events * ROOM) * 1e6


async def measure(bench: Bench) -> list[Line]:
    """The hub, and Node beside it, each size in a fresh process."""
    costs: dict[Server, list[float]] = {}
    servers: list[Server] = [server for server in bench.servers if server != "stock"]
    sizes = QUICK_SIZES if bench.quick else SIZES
    for size in sizes:
        for server in servers:
            bench.progress.say(f"growth: {server} with {size:,} sockets, {bench.seconds:g} s")
            async with running([server]) as peers:
                costs.setdefault(server, []).append(await delivering(peers[server], size, bench.seconds))
    lines = [
        Line(
            bench="growth",
            title=f"delivery among {size:,} sockets",
            unit="CPU µs/delivery",
            turns={server: [cost[index]] for server, cost in costs.items()},
        )
        for index, size in enumerate(sizes)
    ]
    growth = {str(server): [cost[-1] / cost[0]] for server, cost in costs.items()}
    title = f"the same, {sizes[-1]:,} sockets for {sizes[0]:,}"
    return [*lines, Line(bench="growth", title=title, unit="ratio", turns=growth, goals=[Goal(1.2)], digits=2)]
