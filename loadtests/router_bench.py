"""`router`: from a committed event to the provider, one `hub worker` on PostgreSQL, beside procrastinate's worker.

The hub plans, decides by the person's preferences, leases, renders in the person's language, signs the way out, posts,
and records each attempt and its trace. The peer's job posts an e-mail that is ready (see `peers/jobs.py`).
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from loadtests.crowd import Bench
from loadtests.durable_bench import PromiseBroken
from loadtests.hubworker import HubWorker, running_worker, worker_environment
from loadtests.lines import Goal, Line
from loadtests.peers.jobs import ID
from loadtests.provider import ANSWERS_AFTER, Provider, running_provider, tally
from loadtests.redis import running_redis
from loadtests.router_stage import Paced, Stage, Turn
from loadtests.steps import Helper, running_helper
from persistence.engine import Connections

EVENTS = 18_000
"""Of a saturated turn."""
JOBS = 6_000
"""Of a turn of the peer, which is slower: what one costs does not depend on how many there are."""
QUICK = 3
"""A quick look takes a part of this of them: with fewer, beginning and end would weigh too much."""
WARM_UP = 500
RATE = 1_000.0
TURNS = 2
BARE = ("loadtests.peers.bare_worker",)
PATIENCE_SECONDS = 120.0
PEER: Literal["procrastinate"] = "procrastinate"

Turns = dict[str, list[Turn]]


async def measure(bench: Bench, hub_url: str, jobs_url: str, folder: Path) -> list[Line]:
    """Ours and the peer's worker in turn on one database server; then events that come one by one."""
    with running_redis() as redis:
        async with (
            staged(hub_url, redis.url, _size(bench, EVENTS), folder) as (stage, provider),
            running_helper("jobs", folder, jobs_url.replace("+asyncpg", "")) as helper,
        ):
            settings = worker_environment(hub_url, redis.url, provider.base)
            jobs = JobQueue(helper, provider)
            async with running_worker(settings, folder) as worker:
                await stage.saturated(worker, WARM_UP)
                await jobs.prepare()
                whole = await _turns(bench, stage, worker, jobs, sends=True)
                bench.progress.say(f"router: {RATE:,.0f} events a second, {2 * bench.seconds:g} s")
                paced = await stage.paced(worker, int(RATE * 2 * bench.seconds), RATE)
            async with running_worker(settings, folder, command=BARE) as worker:
                await stage.saturated(worker, WARM_UP, sends=False)
                own = await _turns(bench, stage, worker, jobs, sends=False)
    return [*lines_of(whole, own), *_paced_lines(paced)]


async def _turns(bench: Bench, stage: Stage, worker: HubWorker, jobs: "JobQueue", *, sends: bool) -> Turns:
    """The hub and the peer, then the peer and the hub."""
    turns: Turns = {"hub": [], PEER: []}
    what = "sent" if sends else "the queue alone"
    for turn in range(TURNS):
        for name in ("hub", PEER) if turn % 2 == 0 else (PEER, "hub"):
            bench.progress.say(f"router: {name}, {what}, turn {turn + 1} of {TURNS}")
            if name == "hub":
                turns[name].append(await stage.saturated(worker, _size(bench, EVENTS), sends=sends))
            else:
                turns[name].append(await jobs.saturated("email" if sends else "nothing", _size(bench, JOBS)))
    return turns


def _size(bench: Bench, count: int) -> int:
    return count // QUICK if bench.quick else count


class JobQueue:
    """Procrastinate's worker."""

    def __init__(self, jobs: Helper, provider: Provider) -> None:
        self._jobs = jobs
        self._provider = provider

    async def prepare(self) -> None:
        """Makes its tables; its e-mail is the one that came last, with a mark where its notification's id was."""
        last = (await self._provider.seen(await self._provider.count() - 1))[0].name
        body = (await self._provider.sample()).decode().replace(last, ID, 1)
        url = f"{self._provider.base}/v3/mail/send"
        await self._jobs.do("prepare", PATIENCE_SECONDS, url=url, body=body)
        await self.saturated("nothing", WARM_UP)

    async def saturated(self, task: str, count: int) -> Turn:
        """Stores jobs, then lets the worker work until none is left. PromiseBroken when one came not once."""
        came = await self._provider.count()
        ids = [f"{task}-{number}" for number in range(count)]
        await self._jobs.do("defer", PATIENCE_SECONDS, task=task, ids=ids)
        cpu, began = self._jobs.cpu_seconds(), time.monotonic()
        await self._jobs.do("work", PATIENCE_SECONDS)
        took, cpu = time.monotonic() - began, self._jobs.cpu_seconds() - cpu
        found = tally(ids if task == "email" else (), await self._provider.seen(came))
        if not found.kept:
            raise PromiseBroken(f"{PEER}: {found}")
        return Turn(count / took, cpu / count * 1e6)


@asynccontextmanager
async def staged(database_url: str, redis_url: str, people: int, folder: Path) -> AsyncIterator[tuple[Stage, Provider]]:
    """What a worker is measured between, with so many people in the database."""
    connections = Connections(database_url, pool_size=2)
    try:
        async with (
            running_provider() as provider,
            running_helper("publisher", folder, database_url, redis_url) as publisher,
        ):
            await publisher.do("people", PATIENCE_SECONDS, count=people)
            yield Stage(connections, publisher, provider, people), provider
    finally:
        await connections.close()


def lines_of(whole: Turns, own: Turns) -> list[Line]:
    """With everything that a delivery needs, and with the queue's own part alone."""
    everything = f"e-mail, provider of {ANSWERS_AFTER * 1000:.0f} ms, saturated"
    nothing = "the queue's own part: e-mail ready, no provider"
    return [
        _line(everything, "deliveries/s", whole, _speed, Goal(3_000, least=True), digits=0),
        _line(everything, "CPU µs/delivery", whole, _cost, Goal(0.7, PEER), digits=0),
        _line(nothing, "deliveries/s", own, _speed, digits=0),
        _line(nothing, "CPU µs/delivery", own, _cost, Goal(0.7, PEER), digits=0),
    ]


def _paced_lines(paced: Paced) -> list[Line]:
    title = f"e-mail, {RATE:,.0f} events/s"
    wait = paced.wait
    return [
        _alone(title, "commit to provider p50 ms", wait.p50),
        _alone(title, "commit to provider p99 ms", wait.p99, Goal(1_000)),
        _alone(title, "longest ms", wait.longest),
        _alone(title, "CPU µs/delivery", paced.cpu_us, digits=0),
        _alone(title, "lost", paced.lost, Goal(0), digits=0),
        _alone(title, "sent twice", paced.doubled, Goal(0), digits=0),
    ]


def _speed(turn: Turn) -> float:
    return turn.per_second


def _cost(turn: Turn) -> float:
    return turn.cpu_us


def _line(title: str, unit: str, turns: Turns, figure: Callable[[Turn], float], *goals: Goal, digits: int = 1) -> Line:
    shown = {name: [figure(turn) for turn in each] for name, each in turns.items()}
    return Line(bench="router", title=title, unit=unit, turns=shown, goals=list(goals), digits=digits)


def _alone(title: str, unit: str, value: float, *goals: Goal, digits: int = 1) -> Line:
    return Line(bench="router", title=title, unit=unit, turns={"hub": [value]}, goals=list(goals), digits=digits)
