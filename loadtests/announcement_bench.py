"""`announcement`: one POST /events for everybody: how long until all are planned, and sent, and the worker's memory."""

import asyncio
import time
from pathlib import Path

import aiohttp
from msgspec import Struct
from sqlalchemy import text

from loadtests.configuration import SECRET
from loadtests.crowd import Bench
from loadtests.durable_bench import PromiseBroken
from loadtests.hubprocess import running_hub
from loadtests.hubworker import HubWorker, running_worker, worker_environment
from loadtests.lines import Goal, Line
from loadtests.marketplace import Marketplace, Tokens
from loadtests.progress import Progress
from loadtests.provider import Provider, running_provider, tally
from loadtests.redis import running_redis
from loadtests.steps import running_helper
from persistence.engine import Connections

PEOPLE = 100_000
PACE = 100_000
"""People a second that may be planned: no pace at all."""
MOST_SECONDS = 60.0
MOST_GROWTH_MIB = 64.0
"""What may come on top while a hundred thousand are told: a thousand are in hand at any time."""
PATIENCE_SECONDS = 120.0
LOOK_SECONDS = 0.1
SAY_SECONDS = 2.0
SERVICE = ("announcements", "service")
STATE = text("SELECT state FROM notification_event WHERE id = :id")
PLANNED = text("SELECT notification_id::text FROM delivery WHERE channel = 'email'")
MIB = 2**20


class Shown(Struct, frozen=True):
    """What one announcement showed."""

    people: int
    planned_seconds: float
    sent_seconds: float
    before_mib: float
    peak_mib: float
    half_way_mib: float
    """The peak while the first half was sent."""
    end_mib: float
    cpu_us: float
    """Of the worker, for each person: planned and sent."""


async def measure(bench: Bench, database_url: str, folder: Path) -> list[Line]:
    """The hub alone: a gateway that takes the announcement, a worker that carries it out."""
    with running_redis() as redis:
        return _lines(await announce(bench.crowd(PEOPLE), database_url, redis.url, folder, bench.progress))


async def announce(people: int, database_url: str, redis_url: str, folder: Path, progress: Progress) -> Shown:
    """Tells so many people, who are put into the database first."""
    progress.say(f"announcement: {people:,} people, who want platform news by e-mail")
    async with running_helper("publisher", folder, database_url, redis_url) as helper:
        await helper.do("people", PATIENCE_SECONDS, count=people, consent=True)
    async with running_provider() as provider, aiohttp.ClientSession() as http:
        settings = worker_environment(database_url, redis_url, provider.base, HUB_ANNOUNCEMENT_PACE=str(PACE))
        async with (
            running_hub(database_url, folder, worker=False, settings=settings) as gateway,
            running_worker(settings, folder) as worker,
        ):
            market = Marketplace.over(http, [gateway.base], Tokens(SECRET), time.time())
            connections = Connections(database_url, pool_size=2)
            try:
                return await Announcement(market, connections, provider, worker, progress).run(people)
            finally:
                await connections.close()


class Announcement:
    """One run."""

    def __init__(
        self, market: Marketplace, connections: Connections, provider: Provider, worker: HubWorker, progress: Progress
    ) -> None:
        self._market = market
        self._connections = connections
        self._provider = provider
        self._worker = worker
        self._progress = progress
        self._event_id = ""
        self._memory: list[float] = []
        self._planned_at = 0.0

    async def run(self, people: int) -> Shown:
        """From the post until the last request. PromiseBroken when somebody was left out, or told twice."""
        before, cpu, began = self._rss(), self._worker.cpu_seconds(), time.monotonic()
        body = {"type": "platform.news", "audience": {"all": True}, "data": {"title": "Karnaval", "text": "It begins."}}
        self._event_id = (await self._market.ask("POST", "/events", SERVICE, body))["event_id"]
        async with asyncio.timeout(PATIENCE_SECONDS):
            half_way, ended = await self._watch(people)
        cpu = self._worker.cpu_seconds() - cpu
        await self._judge(people)
        return Shown(
            people=people,
            planned_seconds=self._planned_at - began,
            sent_seconds=ended - began,
            before_mib=before,
            peak_mib=max(self._memory),
            half_way_mib=max(self._memory[:half_way]),
            end_mib=self._memory[-1],
            cpu_us=cpu / people * 1e6,
        )

    async def _watch(self, people: int) -> tuple[int, float]:
        """Looks until everybody was told: how many samples of memory were half of it, and when it ended."""
        half_way, said_at = 0, time.monotonic()
        while (sent := await self._provider.count()) < people:
            self._memory.append(self._rss())
            half_way = len(self._memory) if sent <= people / 2 else half_way
            if not self._planned_at and await self._is_planned():
                self._planned_at = time.monotonic()
            if time.monotonic() - said_at > SAY_SECONDS:
                said_at = time.monotonic()
                await self._say(sent)
            await asyncio.sleep(LOOK_SECONDS)
        self._memory.append(self._rss())
        ended = time.monotonic()
        while not self._planned_at:  # the last page may hold nobody
            self._planned_at = time.monotonic() if await self._is_planned() else 0.0
            await asyncio.sleep(LOOK_SECONDS)
        return max(1, half_way), ended

    async def _is_planned(self) -> bool:
        async with self._connections.read_one() as connection:
            return bool((await connection.execute(STATE, {"id": self._event_id})).scalar_one() == "done")

    async def _say(self, sent: int) -> None:
        """As whoever announced something is shown it."""
        shown = await self._market.ask("GET", f"/events/{self._event_id}", SERVICE)
        self._progress.say(f"announcement: {shown['planned']:,} planned, {sent:,} sent, {self._memory[-1]:.0f} MiB")

    async def _judge(self, people: int) -> None:
        async with self._connections.read_one() as connection:
            wanted = set((await connection.execute(PLANNED)).scalars())
        found = tally(wanted, await self._provider.seen())
        if not found.kept or len(wanted) != people:
            raise PromiseBroken(f"announcement: planned for {len(wanted):,} of {people:,}; {found}")

    def _rss(self) -> float:
        return self._worker.rss() / MIB


def _lines(shown: Shown) -> list[Line]:
    title = f"announcement to {shown.people:,}"
    scale = min(1.0, shown.people / PEOPLE)
    return [
        _line(title, "all planned s", shown.planned_seconds, Goal(MOST_SECONDS * scale)),
        _line(title, "all sent s", shown.sent_seconds),
        _line(title, "CPU µs/person", shown.cpu_us, digits=0),
        _line(title, "RSS before MiB", shown.before_mib),
        _line(title, "RSS most MiB", shown.peak_mib),
        _line(title, "RSS at the end MiB", shown.end_mib),
        _line(title, "RSS grown MiB", shown.peak_mib - shown.before_mib, Goal(MOST_GROWTH_MIB)),
        _line(title, "of that in the second half MiB", max(0.0, shown.peak_mib - shown.half_way_mib)),
    ]


def _line(title: str, unit: str, value: float, *goals: Goal, digits: int = 1) -> Line:
    return Line(bench="announcement", title=title, unit=unit, turns={"hub": [value]}, goals=list(goals), digits=digits)
