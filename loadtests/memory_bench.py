"""`memory`: what an idle WebSocket of a browser, which offers permessage-deflate, keeps in RAM."""

import asyncio

from loadtests.crowd import Bench, crowd, running, stats
from loadtests.lines import Goal, Line, Server
from loadtests.peers.processes import Peer
from loadtests.sockets import drop

SOCKETS = 10_000
WARM_UP = 300
SETTLE_SECONDS = 3.0


async def idle(peer: Peer, count: int) -> float:
    """KiB for each of `count` sockets, after a full garbage collection before and after."""
    drop(await crowd(peer, WARM_UP, deflate=True))  # pools and code that the first sockets pay for
    (watcher,) = await crowd(peer, 1)
    await asyncio.sleep(0.5)
    await stats(watcher, collect=True)
    before = peer.rss()
    sockets = await crowd(peer, count, deflate=True)
    await asyncio.sleep(SETTLE_SECONDS)
    await stats(watcher, collect=True)
    after = peer.rss()
    drop([watcher, *sockets])
    return (after - before) / count / 1024


async def measure(bench: Bench) -> list[Line]:
    """Each server by itself, in a fresh process: memory that was once taken is seldom given back."""
    turns: dict[str, list[float]] = {}
    count = bench.crowd(SOCKETS)
    for turn in range(1 if bench.quick else 2):
        for server in bench.order(turn):
            bench.progress.say(f"memory: {count:,} idle sockets on {server}")
            turns.setdefault(server, []).append(await _one(server, count))
    return [
        Line(
            bench="memory",
            title=f"idle WebSocket, {count:,}, deflate offered",
            unit="RSS KiB/socket",
            turns=turns,
            goals=[Goal(16_000 / 1024), Goal(1.0, "node")],
        )
    ]


async def _one(server: Server, count: int) -> float:
    async with running([server]) as peers:
        return await idle(peers[server], count)
