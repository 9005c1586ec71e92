"""`drop`: thousands of sockets lost at once, as when a balancer dies: how long nobody else is served."""

import asyncio
import time

from msgspec import Struct

from loadtests.crowd import PATIENCE_SECONDS, Bench, Stats, crowd, running, stats
from loadtests.lines import Goal, Line
from loadtests.peers.processes import Peer
from loadtests.sockets import drop

SOCKETS = 10_000
ROOM = 50


def rooms_of(number: int) -> list[str]:
    """Its person's, its conversation of two, and a larger one."""
    return [f"user:{number}", f"conversation:{number // 2}", f"live:{number // ROOM}"]


class Dropped(Struct):
    """What the loss of a crowd did to a server."""

    blocked_ms: float = 0.0
    busy_ms: float = 0.0
    cpu_us: float = 0.0
    """For each socket."""
    left: int = 0
    """Rooms and sockets that are still there."""

    def saw(self, now: Stats) -> None:
        """Takes the longest times."""
        self.blocked_ms = max(self.blocked_ms, now.blocked_ms)
        self.busy_ms = max(self.busy_ms, now.busy_ms)


async def dropping(peer: Peer, count: int) -> Dropped:
    """Loses a crowd."""
    (watcher,) = await crowd(peer, 1)
    rooms = (await stats(watcher)).rooms
    sockets = await crowd(peer, count, rooms=rooms_of)
    await stats(watcher, collect=True)
    await stats(watcher)  # the collection's own block is no part of it
    dropped, before = Dropped(), peer.cpu_seconds()
    drop(sockets)
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while time.perf_counter() < deadline:
        now = await stats(watcher)
        dropped.saw(now)
        if now.sockets == 1:
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)
    now = await stats(watcher)
    dropped.saw(now)
    dropped.cpu_us = (peer.cpu_seconds() - before) / count * 1e6
    dropped.left = now.rooms - rooms + now.sockets - 1
    watcher.close()
    return dropped


async def measure(bench: Bench) -> list[Line]:
    """The hub, and Node beside it; stock would be busy for minutes."""
    shown: dict[str, list[Dropped]] = {}
    count = bench.crowd(SOCKETS)
    for turn in range(1 if bench.quick else 3):
        for server in bench.order(turn):
            if server == "stock":
                continue
            bench.progress.say(f"drop: {count:,} sockets of {server}")
            async with running([server]) as peers:
                shown.setdefault(server, []).append(await dropping(peers[server], count))

    def line(unit: str, field: str, *goals: Goal, digits: int = 1) -> Line:
        turns = {server: [float(getattr(each, field)) for each in dropped] for server, dropped in shown.items()}
        title = f"{count:,} sockets dropped at once"
        return Line(bench="drop", title=title, unit=unit, turns=turns, goals=list(goals), digits=digits)

    return [
        # What a busy neighbour takes from us is no block of ours: the goal is for the server's own work.
        line("longest block ms", "busy_ms", Goal(100)),
        line("by the clock ms", "blocked_ms"),
        line("CPU µs/socket", "cpu_us"),
        line("rooms left", "left", Goal(0), digits=0),
    ]
