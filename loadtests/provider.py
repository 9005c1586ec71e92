"""The provider double as a benchmark sees it: started, asked what came and when, and ended."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager

import aiohttp
import msgspec
from msgspec import Struct

from loadtests.peers.processes import Peer, python_peer, running_peer

ANSWERS_AFTER = 0.02
"""Seconds: what a good provider takes within a region."""
LOOK_SECONDS = 0.02


class Seen(Struct, frozen=True, array_like=True):
    """A request: the notification (of a push message the endpoint's path) and when it was there (`time.monotonic`)."""

    name: str
    at: float


class Tally(Struct, frozen=True):
    """What became of the notifications that should have gone out."""

    lost: int
    doubled: int
    strange: int
    """Requests for what nobody asked to send."""

    @property
    def kept(self) -> bool:
        """Whether each went out once, and nothing else."""
        return not (self.lost or self.doubled or self.strange)


def tally(wanted: Collection[str], seen: Iterable[Seen]) -> Tally:
    """Compares what was to be sent with what came."""
    counts: dict[str, int] = {}
    for each in seen:
        counts[each.name] = counts.get(each.name, 0) + 1
    known = set(wanted)
    return Tally(
        lost=len(known - counts.keys()),
        doubled=sum(count - 1 for name, count in counts.items() if name in known),
        strange=sum(count for name, count in counts.items() if name not in known),
    )


class Provider:
    """The running double."""

    def __init__(self, peer: Peer, http: aiohttp.ClientSession) -> None:
        self.base = peer.base
        self._http = http

    async def count(self) -> int:
        """Requests so far."""
        return int(await self._get("/count"))

    async def seen(self, first: int = 0) -> list[Seen]:
        """The requests from this number on."""
        return msgspec.json.decode(await self._get(f"/seen?from={first}"), type=list[Seen])

    async def sample(self) -> bytes:
        """The body that came last."""
        return await self._get("/sample")

    async def until(self, count: int, patience: float, tell: Callable[[int], None] | None = None) -> int:
        """Waits until so many requests came, or none within `patience` seconds; how many did, told also meanwhile."""
        so_far, deadline = -1, time.monotonic() + patience
        while so_far < count and time.monotonic() < deadline:
            await asyncio.sleep(LOOK_SECONDS)
            now = await self.count()
            if now > so_far:
                so_far, deadline = now, time.monotonic() + patience
            if tell is not None:
                tell(so_far)
        return so_far

    async def _get(self, path: str) -> bytes:
        async with self._http.get(f"{self.base}{path}") as response:
            return await response.read()


@asynccontextmanager
async def running_provider() -> AsyncIterator[Provider]:
    """A double that answers after ANSWERS_AFTER."""
    command = python_peer("provider")
    async with (
        aiohttp.ClientSession() as http,
        running_peer("provider", command, "--seconds", str(ANSWERS_AFTER)) as peer,
    ):
        yield Provider(peer, http)
