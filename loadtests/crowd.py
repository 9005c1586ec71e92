"""Many sockets on one server, and what the gateway's benchmarks do with them."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import jwt
import msgspec
from msgspec import Struct

from loadtests.configuration import SECRET
from loadtests.lines import Server
from loadtests.peers.processes import Peer, node_peer, python_peer, running_peer
from loadtests.progress import Progress
from loadtests.sockets import Arrivals, Socket, connect, connect_many, source_address

BODY = "Bonjou! Your video is almost ready, I will send it tonight. Mesi anpil for waiting: it was worth it, I promise."
BODY_150 = BODY.ljust(150, ".")
PATIENCE_SECONDS = 90.0
SPARE_FILES = 500
QUIET_SECONDS = 0.003
"""Of CPU in a tenth of a second: what a server does of itself, such as pinging."""
MOST_LOOKS = 50


class Stats(Struct, frozen=True):
    """What a server says about its inside."""

    blocked_ms: float
    """The longest block of its event loop since it was last asked."""
    busy_ms: float
    """The most processor's time that it used between two turns of its ticker."""
    rooms: int
    sockets: int


_stats = msgspec.json.Decoder(tuple[Stats]).decode


class Bench(Struct, frozen=True):
    """How the gateway's benchmarks are to be run."""

    servers: Sequence[Server]
    quick: bool
    seconds: float
    """Length of each measured run that is bound by time."""
    progress: Progress

    @property
    def turns(self) -> int:
        """Of the hub and of Node, in turn."""
        return 2 if self.quick else 3

    def crowd(self, size: int) -> int:
        """How many sockets to take where the full run takes `size`."""
        return max(100, size // 10) if self.quick else size

    def order(self, turn: int) -> list[Server]:
        """Who is measured in this turn: forwards, then backwards; stock, which is slow, in the first alone."""
        named = [server for server in self.servers if server != "stock" or turn == 0]
        return named if turn % 2 == 0 else named[::-1]


def command(server: Server) -> list[str]:
    """The command of a server that answers the events."""
    return node_peer() if server == "node" else python_peer({"hub": "hub_events", "stock": "stock"}[server])


@asynccontextmanager
async def running(servers: Sequence[Server], *arguments: str) -> AsyncIterator[dict[Server, Peer]]:
    """All of them at once."""
    async with AsyncExitStack() as stack:
        yield {
            server: await stack.enter_async_context(running_peer(server, command(server), *arguments))
            for server in servers
        }


def allow_files(count: int) -> None:
    """Raises the limit of open files for this process and for what it starts. Raises OSError when it may not be."""
    needed = count + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise OSError(f"{needed} open files are needed, and the limit is {hard}: raise it with `ulimit -n`")
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def token(user: str = "fan") -> str:
    """A token that every server accepts."""
    claims = {"sub": user, "roles": ["fan"], "exp": int(time.time()) + 3600}
    return jwt.encode(claims, SECRET, algorithm="HS256")


async def crowd(
    peer: Peer,
    count: int,
    *,
    arrivals: Arrivals | None = None,
    rooms: Callable[[int], list[str]] | None = None,
    deflate: bool = False,
    auth: Any = None,
    at_once: int = 64,
) -> list[Socket]:
    """Connected sockets in their rooms, from several addresses."""

    async def one(number: int) -> Socket:
        socket = await connect(
            peer.host, peer.port, auth=auth, source=source_address(number), deflate=deflate, arrivals=arrivals
        )
        if rooms is not None:
            await socket.ask("join", {"rooms": rooms(number)}, seconds=PATIENCE_SECONDS)
        return socket

    return await connect_many(count, one, at_once)


async def stats(socket: Socket, *, collect: bool = False) -> Stats:
    """What the server says about its inside; with `collect` after a full garbage collection."""
    return _stats((await socket.ask("stats", {"gc": collect}, seconds=PATIENCE_SECONDS)).text)[0]


async def arrived(arrivals: Arrivals, count: int) -> None:
    """Waits until so many events have come. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while arrivals.count < count:  # noqa: ASYNC110  (a signal for each event would cost the client more)
            await asyncio.sleep(0.002)


async def quiet(peer: Peer) -> None:
    """Waits until a server has finished what it was doing, so that no figure holds the rest of what came before."""
    before = -1.0
    for _ in range(MOST_LOOKS):
        now = peer.cpu_seconds()
        if now - before < QUIET_SECONDS:
            return
        before = now
        await asyncio.sleep(0.1)
