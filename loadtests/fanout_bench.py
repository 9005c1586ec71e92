"""`fanout` and `paced`: events to a room of many, in bursts and by the clock."""

import asyncio
import time

from loadtests.crowd import BODY_150, Bench, arrived, crowd, quiet, running
from loadtests.figures import percentile
from loadtests.lines import Goal, Line, Server
from loadtests.peers.processes import Peer
from loadtests.sockets import Arrivals, Socket, drop

SOCKETS = 1_000
BURST = 100
BURSTS: dict[Server, int] = {"hub": 10, "node": 3, "stock": 1}
"""In a turn: enough that a tick of the processor's clock is no more than a few per cent."""
RATE = 20.0
SAMPLED = 7
"""One in so many arrivals is timed; no divisor of the room, so that every socket has its turn."""


class Room:
    """A crowd in one room of a server."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.arrivals = Arrivals(every=SAMPLED, on_sample=self._on_sample)
        self.sockets: list[Socket] = []
        self.due: dict[int, float] = {}
        self.waits: list[float] = []

    async def fill(self, count: int) -> "Room":
        """Connects everybody."""
        self.sockets = await crowd(self.peer, count, arrivals=self.arrivals, rooms=lambda _number: ["room"])
        return self

    def _on_sample(self, number: int, at: float) -> None:
        due = self.due.get(number)
        if due is not None:
            self.waits.append(at - due)

    async def burst(self, size: int, times: int, senders: int = 1) -> float:
        """CPU microseconds of the server for each delivery of `times` bursts of `size` events, from so many sockets."""
        await quiet(self.peer)
        before, deliveries = self.peer.cpu_seconds(), 0
        for _ in range(times):
            expected = self.arrivals.count + size * len(self.sockets)
            for sender in self.sockets[:senders]:
                sender.emit("burst", {"room": "room", "n": size // senders, "first": 100_000, "body": BODY_150})
            await arrived(self.arrivals, expected)
            deliveries += size * len(self.sockets)
        await quiet(self.peer)
        return (self.peer.cpu_seconds() - before) / deliveries * 1e6

    async def paced(self, seconds: float, first: int) -> tuple[float, float]:
        """(CPU microseconds for each delivery, p99 in ms from when an event was due) at RATE events a second."""
        await quiet(self.peer)
        self.waits.clear()
        before, began = self.peer.cpu_seconds(), time.perf_counter()
        count = int(RATE * seconds)
        expected = self.arrivals.count + count * len(self.sockets)
        for number in range(count):
            due = began + number / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            self.due[first + number] = due
            self.sockets[0].emit("burst", {"room": "room", "n": 1, "first": first + number, "body": BODY_150})
        await arrived(self.arrivals, expected)
        used = self.peer.cpu_seconds() - before
        return used / (count * len(self.sockets)) * 1e6, percentile(sorted(self.waits), 99) * 1000


async def measure(bench: Bench) -> list[Line]:
    """`fanout`: bursts, made by one handler, or by many senders whose events come one by one."""
    count = bench.crowd(SOCKETS)
    sources = {f"bursts of {BURST} by one handler": 1, f"{BURST} senders at once": BURST}
    turns: dict[str, dict[str, list[float]]] = {title: {} for title in sources}
    async with running(bench.servers) as peers:
        rooms = {server: await Room(peer).fill(count) for server, peer in peers.items()}
        for room in rooms.values():
            await room.burst(10, 1)
        for turn in range(bench.turns):
            for server in bench.order(turn):
                bench.progress.say(f"fanout: {server}, turn {turn + 1} of {bench.turns}")
                for title, senders in sources.items():
                    used = await rooms[server].burst(BURST, BURSTS[server], senders)
                    turns[title].setdefault(server, []).append(used)
        for room in rooms.values():
            drop(room.sockets)
    goals = [Goal(0.25, "node"), Goal(0.05, "stock")]
    unit = "CPU µs/delivery"
    return [
        Line(bench="fanout", title=f"fan-out to {count:,}, {title}", unit=unit, turns=each, goals=goals, digits=2)
        for title, each in turns.items()
    ]


async def measure_paced(bench: Bench) -> list[Line]:
    """`paced`: by the clock. Stock cannot keep up with it, and is left out."""
    cpu: dict[str, list[float]] = {}
    p99: dict[str, list[float]] = {}
    count = bench.crowd(SOCKETS)
    async with running([server for server in bench.servers if server != "stock"]) as peers:
        rooms = {server: await Room(peer).fill(count) for server, peer in peers.items()}
        for turn in range(bench.turns):
            for server in bench.order(turn):
                if server not in rooms:
                    continue
                bench.progress.say(f"paced: {server}, turn {turn + 1} of {bench.turns}, {bench.seconds:g} s")
                used, late = await rooms[server].paced(bench.seconds, first=(turn + 1) * 1_000_000)
                cpu.setdefault(server, []).append(used)
                p99.setdefault(server, []).append(late)
        for room in rooms.values():
            drop(room.sockets)
    title = f"paced, {RATE:g}/s to {count:,}"
    return [
        Line(
            bench="paced",
            title=title,
            unit="CPU µs/delivery",
            turns=cpu,
            goals=[Goal(0.7, "node")],
            digits=2,
        ),
        Line(bench="paced", title=title, unit="p99 ms", turns=p99, goals=[Goal(1.0, "node")]),
    ]
