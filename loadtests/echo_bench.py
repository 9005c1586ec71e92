"""`echo`: an event and its ack without a database, as fast as answered and by the clock."""

import asyncio
import time
from collections.abc import Callable

from loadtests.crowd import BODY_150, Bench, crowd, quiet, running
from loadtests.figures import percentile
from loadtests.lines import Goal, Line
from loadtests.peers.processes import Peer
from loadtests.sockets import Socket, drop

SOCKETS = 100
RATE = 3_000.0
"""Requests a second of the fixed load: about a third of what Node answers here at most."""
PAYLOAD = {"body": BODY_150}


async def closed(peer: Peer, sockets: list[Socket], seconds: float) -> tuple[float, float]:
    """Everybody asks again once answered: (CPU microseconds for each request, requests a second)."""
    await quiet(peer)
    answered, stopping, done = 0, False, asyncio.Event()

    def asking(socket: Socket) -> Callable[[bytes, float], None]:
        def on_ack(_text: bytes, _at: float) -> None:
            nonlocal answered
            answered += 1
            if not stopping:
                socket.request("echo", PAYLOAD, on_ack)
            elif not any(each.unanswered for each in sockets):
                done.set()

        return on_ack

    before, began = peer.cpu_seconds(), time.perf_counter()
    for socket in sockets:
        socket.request("echo", PAYLOAD, asking(socket))
    await asyncio.sleep(seconds)
    stopping = True
    async with asyncio.timeout(seconds + 10):
        await done.wait()
    took = time.perf_counter() - began
    return (peer.cpu_seconds() - before) / answered * 1e6, answered / took


async def by_the_clock(peer: Peer, sockets: list[Socket], seconds: float) -> tuple[float, float]:
    """RATE requests a second, whatever is answered: (CPU microseconds for each, p99 in ms from when it was due)."""
    await quiet(peer)
    waits: list[float] = []
    count = int(RATE * seconds)
    before, began = peer.cpu_seconds(), time.perf_counter()

    def waiting(due: float) -> Callable[[bytes, float], None]:
        return lambda _text, at: waits.append(at - due)

    for number in range(count):
        due = began + number / RATE
        late = due - time.perf_counter()
        if late > 0:
            await asyncio.sleep(late)
        sockets[number % len(sockets)].request("echo", PAYLOAD, waiting(due))
    async with asyncio.timeout(10):
        while len(waits) < count:  # noqa: ASYNC110  (a signal for each ack would cost the client more)
            await asyncio.sleep(0.002)
    return (peer.cpu_seconds() - before) / count * 1e6, percentile(sorted(waits), 99) * 1000


async def measure(bench: Bench) -> list[Line]:
    """Both loads, every server in turn."""
    cpu: dict[str, list[float]] = {}
    rate: dict[str, list[float]] = {}
    paced: dict[str, list[float]] = {}
    p99: dict[str, list[float]] = {}
    seconds, turns = bench.seconds / 4, 2 * bench.turns - 1  # short turns, so that a busy neighbour spoils few
    async with running(bench.servers) as peers:
        sockets = {server: await crowd(peer, SOCKETS) for server, peer in peers.items()}
        for server, peer in peers.items():
            await closed(peer, sockets[server], 0.5)
        for turn in range(turns):
            for server in bench.order(turn):
                bench.progress.say(f"echo: {server}, turn {turn + 1} of {turns}, {2 * seconds:g} s")
                used, answered = await closed(peers[server], sockets[server], seconds)
                cpu.setdefault(server, []).append(used)
                rate.setdefault(server, []).append(answered)
                used, late = await by_the_clock(peers[server], sockets[server], seconds)
                paced.setdefault(server, []).append(used)
                p99.setdefault(server, []).append(late)
        for each in sockets.values():
            drop(each)
    fast, fixed = f"event + ack, {SOCKETS} sockets, as fast as answered", f"event + ack at {RATE:,.0f}/s"
    goals = [Goal(0.8, "node")]
    return [
        Line(bench="echo", title=fast, unit="CPU µs/request", turns=cpu, goals=goals),
        Line(bench="echo", title=fast, unit="requests/s", turns=rate, digits=0),
        Line(bench="echo", title=fixed, unit="CPU µs/request", turns=paced, goals=goals),
        Line(bench="echo", title=fixed, unit="p99 ms", turns=p99),
    ]
