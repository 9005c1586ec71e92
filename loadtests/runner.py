"""A whole run: starts the generators, watches the servers, breaks what is to be broken, and gathers what was seen."""

import asyncio
import secrets
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import msgspec
from msgspec import Struct

import hub
from loadtests import faultsteps
from loadtests.contention import Contention
from loadtests.generator import Plan, Report
from loadtests.history import Verdict
from loadtests.machine import machine
from loadtests.marketplace import Marketplace, Tokens
from loadtests.outcome import FaultSeen, Outcome, conclude
from loadtests.plants import Kind
from loadtests.recorder import Tick
from loadtests.scenario import Scenario
from loadtests.servers import Sample, Watched, watched
from loadtests.topology import Cluster, running_cluster

PREPARE_SECONDS = 300.0
START_SECONDS = 1.0
VERDICT_SECONDS = 300.0
SAMPLE_SECONDS = 1.0
ENDING_SECONDS = 5.0
LINE_BYTES = 2**24


class RunFailed(RuntimeError):
    """The run could not be carried out; the text says why."""


class Choices(Struct, frozen=True, kw_only=True):
    """What is said on the command line."""

    secret: str
    pids: Sequence[int] = ()
    plant: Kind | None = None
    output: Path
    """A folder for logs of what is started; the results go there too."""


class Show:
    """What somebody who watches is told; this one tells nothing."""

    def stage(self, text: str) -> None:
        """What is being done now."""

    def second(self, tick: Tick, samples: Sequence[Sample]) -> None:
        """A second of the run is over."""

    def fault(self, text: str) -> None:
        """A fault began, or was mended."""


class _Generator:
    """A generator process, as the runner sees it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.verdict: Verdict | None = None
        self.busy: list[tuple[float, float]] = []
        """(when, CPU seconds until then)."""

    async def tell(self, line: bytes) -> None:
        assert self.process.stdin is not None  # noqa: S101  (it was asked for)
        self.process.stdin.write(line + b"\n")
        await self.process.stdin.drain()

    async def hear(self) -> Report:
        """The next line. Raises RunFailed when there is none, or when it is a failure."""
        assert self.process.stdout is not None  # noqa: S101  (it was asked for)
        line = await self.process.stdout.readline()
        if not line:
            raise RunFailed("a generator ended before its verdict; see generator.log in the output folder")
        report = msgspec.json.decode(line, type=Report)
        if report.kind == "failed":
            raise RunFailed(report.text)
        return report


class Run:
    """One run under way."""

    def __init__(self, scenario: Scenario, choices: Choices, show: Show) -> None:
        self._scenario = scenario
        self._choices = choices
        self._show = show
        self._ticks: dict[int, Tick] = {}
        self._heard: dict[int, int] = {}
        self._samples: list[Sample] = []
        self._faults: list[FaultSeen] = []
        self._began = 0.0
        self._others: float | None = None

    async def carry_out(self) -> Outcome:
        """Everything from starting to judging. Raises RunFailed, MarketplaceFailed, TopologyFailed."""
        scenario, choices = self._scenario, self._choices
        async with AsyncExitStack() as stack:
            cluster: Cluster | None = None
            bases = scenario.target.all if scenario.target is not None else []
            secret = choices.secret
            if scenario.topology is not None:
                self._show.stage("starting the cluster")
                cluster = await stack.enter_async_context(running_cluster(scenario.topology, choices.output))
                bases, secret = cluster.bases, cluster.secret
            processes = cluster.watched() if cluster is not None else watched(bases, choices.pids)
            http = await stack.enter_async_context(aiohttp.ClientSession())
            await _alive(http, bases)
            generators = [
                await stack.enter_async_context(self._generator(choices.output)) for _ in range(scenario.processes)
            ]
            run = f"load-{secrets.token_hex(3)}"
            await self._prepare(generators, bases, secret, run, http)
            strangers = [each.pid for each in processes if each.pid is not None] if cluster is None else []
            contention = Contention(strangers)
            await self._play(generators, processes, cluster, http)
            self._others = contention.others() if cluster is not None or strangers else None
            started = cluster.started if cluster is not None else []
        return self._outcome(generators, bases, started)

    async def _prepare(
        self, generators: Sequence[_Generator], bases: Sequence[str], secret: str, run: str, http: aiohttp.ClientSession
    ) -> None:
        scenario = self._scenario
        self._show.stage(f"preparing {scenario.people:,} people and their conversations")
        room = None
        if scenario.live is not None:
            marketplace = Marketplace.over(http, bases, Tokens(secret), time.time())
            hosts = [(f"{run}-p0-0", "creator")]
            room = await marketplace.conversation(scenario.live.kind, hosts, None, f"Load test {run}")
        for number, generator in enumerate(generators):
            plan = Plan(
                scenario=scenario,
                bases=list(bases),
                secret=secret,
                run=run,
                process=number,
                plant=self._choices.plant if number == 0 else None,
                room=room,
            )
            await generator.tell(msgspec.json.encode(plan, enc_hook=float))
        async with asyncio.timeout(PREPARE_SECONDS):
            for generator in generators:
                await generator.hear()

    async def _play(
        self,
        generators: Sequence[_Generator],
        processes: Sequence[Watched],
        cluster: Cluster | None,
        http: aiohttp.ClientSession,
    ) -> None:
        self._samples += [await each.sample(http, time.perf_counter()) for each in processes]
        self._began = time.perf_counter() + START_SECONDS
        for sample in self._samples:
            sample.at = -START_SECONDS
        self._show.stage("running")
        for generator in generators:
            await generator.tell(msgspec.json.encode({"began": self._began}))
        async with asyncio.TaskGroup() as group:
            sampling = group.create_task(self._sample(processes, http))
            faults = group.create_task(self._break(cluster))
            listening = [group.create_task(self._listen(generator)) for generator in generators]
            async with asyncio.timeout(self._scenario.seconds + self._scenario.settle + VERDICT_SECONDS):
                await asyncio.gather(*listening)
            await faults
            sampling.cancel()

    async def _listen(self, generator: _Generator) -> None:
        while generator.verdict is None:
            report = await generator.hear()
            generator.busy.append((time.perf_counter(), report.busy))
            if report.tick is not None:
                self._tick(report.tick)
            generator.verdict = report.verdict

    def _tick(self, tick: Tick) -> None:
        known = self._ticks.get(tick.second)
        if known is None:
            self._ticks[tick.second] = tick
        else:
            known.add(tick)
        self._heard[tick.second] = self._heard.get(tick.second, 0) + 1
        if self._heard[tick.second] >= self._scenario.processes:
            if tick.second >= self._scenario.seconds:
                self._show.stage("waiting until everything has arrived, then asking the server what it has")
            latest = {sample.server: sample for sample in self._samples}
            self._show.second(self._ticks[tick.second], list(latest.values()))

    async def _sample(self, processes: Sequence[Watched], http: aiohttp.ClientSession) -> None:
        for second in range(int(self._scenario.seconds) + int(self._scenario.settle) + 1):
            await _until(self._began + second * SAMPLE_SECONDS)
            self._samples += await asyncio.gather(*(each.sample(http, self._began) for each in processes))

    async def _break(self, cluster: Cluster | None) -> None:
        if cluster is None:
            return
        for fault in sorted(self._scenario.faults, key=lambda each: each.at):
            await _until(self._began + fault.at)
            seen = FaultSeen(label=fault.label, began=time.perf_counter() - self._began)
            self._faults.append(seen)
            self._show.fault(fault.label)
            try:
                await faultsteps.break_and_mend(cluster, fault)
            except (OSError, RuntimeError, TimeoutError) as error:
                seen.problem = f"{type(error).__name__}: {error}"
                self._show.fault(f"{fault.label}: failed: {seen.problem}")
                continue
            seen.mended = time.perf_counter() - self._began
            self._show.fault(f"{fault.label}: mended")

    @asynccontextmanager
    async def _generator(self, output: Path) -> AsyncIterator[_Generator]:
        with (output / "generator.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "loadtests.generator"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=LINE_BYTES,
            )
        try:
            yield _Generator(process)
        finally:
            await _end(process)

    def _outcome(self, generators: Sequence[_Generator], bases: Sequence[str], started: list[str]) -> Outcome:
        verdict = Verdict()
        for generator in generators:
            if generator.verdict is not None:
                verdict.add(generator.verdict)
        outcome = Outcome(
            hub=hub.__version__,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            scenario=self._scenario,
            target=list(bases),
            machine=machine(self._choices.output),
            ticks=[self._ticks[second] for second in sorted(self._ticks)],
            samples=self._samples,
            faults=self._faults,
            verdict=verdict,
            generators_busy=[_busy(generator.busy, self._began, self._scenario.seconds) for generator in generators],
            others=self._others,
            started=started,
        )
        (self._choices.output / "fsync.probe").unlink(missing_ok=True)
        conclude(outcome)
        return outcome


def _busy(seen: Sequence[tuple[float, float]], began: float, seconds: float) -> float:
    """The part of one core that a generator used while the phases lasted."""
    inside = [(at, cpu) for at, cpu in seen if began <= at <= began + seconds + 1]
    if len(inside) < 2:
        return 0.0
    (first, before), (last, after) = inside[0], inside[-1]
    return (after - before) / max(1e-6, last - first)


async def _alive(http: aiohttp.ClientSession, bases: Sequence[str]) -> None:
    for base in bases:
        try:
            async with asyncio.timeout(5), http.get(f"{base}/healthz") as response:
                if response.status != 200:
                    raise RunFailed(f"{base} answers {response.status} to /healthz: is that a hub?")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise RunFailed(
                f"no hub answers at {base} ({type(error).__name__}); start one with `make demo`, or name it with --url"
            ) from None


async def _until(when: float) -> None:
    wait = when - time.perf_counter()
    if wait > 0:
        await asyncio.sleep(wait)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    if process.stdin is not None:
        process.stdin.close()  # the generator ends with its input
    try:
        async with asyncio.timeout(ENDING_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
