"""What a worker is measured between: a service that publishes, the database, and the provider."""

import asyncio
import time

from msgspec import Struct
from sqlalchemy import text

from loadtests.durable_bench import PromiseBroken
from loadtests.figures import Latency, latency
from loadtests.hubworker import HubWorker
from loadtests.provider import Provider, tally
from loadtests.steps import Helper
from persistence.engine import Connections

ACCEPTED = text("SELECT count(*) FROM delivery WHERE channel = 'email' AND state = 'accepted'")
PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.05


class Turn(Struct, frozen=True):
    """A stock of work, done as fast as possible."""

    per_second: float
    cpu_us: float
    """Of the worker, for each delivery."""


class Paced(Struct, frozen=True):
    """Work that came piece by piece."""

    wait: Latency
    """From an event's commit until its request was at the provider."""
    cpu_us: float
    lost: int
    doubled: int


class Stage:
    """Measures one worker at a time; each event is for another person, as long as there are some."""

    def __init__(self, connections: Connections, publisher: Helper, provider: Provider, people: int) -> None:
        self._connections = connections
        self._publisher = publisher
        self._provider = provider
        self._people = people
        self._next = 0

    async def saturated(self, worker: HubWorker, count: int, *, sends: bool = True) -> Turn:
        """Commits events at once, waits until all deliveries are recorded. PromiseBroken when one was not, or twice."""
        came, before, cpu = await self._provider.count(), await self._accepted(), worker.cpu_seconds()
        ids, committed_at = await self._publisher.do("store", PATIENCE_SECONDS, first=self._begin(count), count=count)
        if sends:
            await self._provider.until(came + count, PATIENCE_SECONDS)
        await self.recorded(before + count)
        took, cpu = time.monotonic() - committed_at, worker.cpu_seconds() - cpu
        found = tally(ids if sends else (), await self._provider.seen(came))
        if not found.kept:
            raise PromiseBroken(f"router: {found}")
        return Turn(count / took, cpu / count * 1e6)

    async def paced(self, worker: HubWorker, count: int, rate: float) -> Paced:
        """Commits so many events a second, a transaction each."""
        came, before, cpu = await self._provider.count(), await self._accepted(), worker.cpu_seconds()
        patience = count / rate + PATIENCE_SECONDS
        sent = await self._publisher.do("pace", patience, first=self._begin(count), count=count, rate=rate)
        await self._provider.until(came + count, PATIENCE_SECONDS)
        await self.recorded(before + count)
        cpu = worker.cpu_seconds() - cpu
        seen, committed = await self._provider.seen(came), dict[str, float](sent)
        found = tally(committed, seen)
        waits = [each.at - committed[each.name] for each in seen if each.name in committed]
        return Paced(latency(waits), cpu / count * 1e6, found.lost, found.doubled + found.strange)

    def _begin(self, count: int) -> int:
        first = self._next if self._next + count <= self._people else 0
        self._next = first + count
        return first

    async def recorded(self, count: int, patience: float = PATIENCE_SECONDS) -> None:
        """Waits until so many e-mails are accepted in the database. PromiseBroken after `patience` seconds."""
        deadline = time.monotonic() + patience
        while (now := await self._accepted()) < count:
            if time.monotonic() > deadline:
                raise PromiseBroken(f"router: {count - now:,} deliveries were not recorded as accepted")
            await asyncio.sleep(LOOK_SECONDS)

    async def _accepted(self) -> int:
        async with self._connections.read_one() as connection:
            return int((await connection.execute(ACCEPTED)).scalar_one())
