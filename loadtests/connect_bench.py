"""`connect`: what it costs to open a WebSocket, join the namespace and have a token checked."""

from loadtests.crowd import Bench, crowd, quiet, running, token
from loadtests.lines import Goal, Line, Server
from loadtests.peers.processes import Peer
from loadtests.sockets import drop

SOCKETS: dict[Server, int] = {"hub": 2_000, "node": 2_000, "stock": 1_000}


async def opening(peer: Peer, count: int) -> float:
    """CPU microseconds of the server for each socket, the leaving not counted."""
    await quiet(peer)
    before = peer.cpu_seconds()
    sockets = await crowd(peer, count, auth={"token": token()}, deflate=True)
    await quiet(peer)
    used = peer.cpu_seconds() - before
    drop(sockets)
    return used / count * 1e6


async def measure(bench: Bench) -> list[Line]:
    """Every server in turn."""
    turns: dict[str, list[float]] = {}
    async with running(bench.servers, "--auth") as peers:
        for peer in peers.values():
            await opening(peer, 200)
        for turn in range(bench.turns):
            for server in bench.order(turn):
                bench.progress.say(f"connect: {server}, turn {turn + 1} of {bench.turns}")
                used = await opening(peers[server], bench.crowd(SOCKETS[server]))
                turns.setdefault(server, []).append(used)
    title = "connect + authenticate (JWT)"
    return [Line(bench="connect", title=title, unit="CPU µs/socket", turns=turns, goals=[Goal(0.6, "node")])]
