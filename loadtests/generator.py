"""One process of a run: prepares its part of the people, connects them, sends what is due, and checks what came.

Speaks with the runner in JSON lines: the plan and the starting time come in, a tick for each second and at the end
the verdict go out. When its input ends, because whoever started it is gone, it ends too.
"""

import asyncio
import itertools
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import aiohttp
import msgspec
import uvloop
from msgspec import Struct

from loadtests import sockets
from loadtests.actor import Actor
from loadtests.arrivals import due_times
from loadtests.history import MOST_EXAMPLES, Log, Verdict, judge, judge_unread
from loadtests.marketplace import Marketplace, MarketplaceFailed, Tokens, limited
from loadtests.plants import Kind, Plant
from loadtests.recorder import Tick
from loadtests.scenario import Phase, Scenario
from loadtests.sockets import Socket, SocketFailed
from loadtests.world import World

BATCH = 32
"""Things that are done in a row before what came in is read."""
SWEEP_SECONDS = 0.5
MOST_UNREAD_COMPARED = 3_000
ASKING_SECONDS = 5.0
GOODBYE_SECONDS = 1.0


class Plan(Struct, frozen=True, kw_only=True):
    """What a generator is told first."""

    scenario: Scenario
    bases: list[str]
    secret: str
    run: str
    process: int
    plant: Kind | None = None
    room: str | None = None
    """The live room."""


class Report(Struct, kw_only=True):
    """A line that a generator writes."""

    kind: str
    """ready · tick · verdict · failed."""
    tick: Tick | None = None
    verdict: Verdict | None = None
    counts: dict[str, int] = {}
    text: str = ""
    busy: float = 0.0
    """CPU seconds of this process so far."""


class Generator:
    """The work of one process."""

    def __init__(self, plan: Plan, http: aiohttp.ClientSession) -> None:
        self._plan = plan
        self._scenario = plan.scenario
        tokens = Tokens(plan.secret)
        self._marketplace = Marketplace.over(http, plan.bases, tokens, time.time())
        self._world = World(
            plan.scenario, plan.bases, tokens, run=plan.run, process=plan.process, plant=Plant(plan.plant)
        )
        self._half_open: list[Socket] = []
        self._last_second = -1

    # --- before ---

    async def prepare(self) -> None:
        """Makes the people of this process and their conversations."""
        scenario, world = self._scenario, self._world
        share = _share(scenario.people, scenario.processes, self._plan.process)
        for number in range(share):
            user_id = f"{self._plan.run}-p{self._plan.process}-{number}"
            world.actors.append(Actor(world, number, user_id, "creator" if number % scenario.members == 0 else "fan"))
        groups = list(_groups(world.actors, scenario.members, scenario.conversations_each))
        made = await limited([partial(self._conversation, number, group) for number, group in enumerate(groups)])
        for conversation_id, group in zip(made, groups, strict=True):
            log = Log(conversation_id)
            world.logs.append(log)
            for actor in group:
                actor.takes_part(log)
        if self._plan.room is not None and scenario.live is not None:
            room = Log(self._plan.room, live=True)
            world.logs.append(room)
            for actor in world.actors[: _share(scenario.live.viewers, scenario.processes, self._plan.process)]:
                actor.takes_part(room)

    async def _conversation(self, number: int, group: list[Actor]) -> str:
        members = [(actor.user_id, actor.role) for actor in group]
        order_id = f"{self._plan.run}-{self._plan.process}-{number}"
        return await self._marketplace.conversation("order", members, order_id, f"Load test {self._plan.run}")

    # --- during ---

    async def run(self, began: float) -> None:
        """All phases, from this time on."""
        world = self._world
        world.recorder.began = began
        beside = [asyncio.create_task(self._tick()), asyncio.create_task(self._sweep())]
        try:
            begins = began
            for number, phase in enumerate(self._scenario.phases):
                await self._phase(number, phase, begins)
                begins += phase.duration
            await self._settle()
        finally:
            for task in beside:
                task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        self._write_tick()

    async def _phase(self, number: int, phase: Phase, begins: float) -> None:
        scenario, world = self._scenario, self._world
        await _until(begins)
        beside: list[asyncio.Task[Any]] = []
        first = number == 0
        if phase.connections is not None or first:
            wanted = scenario.people if phase.connections is None else phase.connections
            mine = _share(wanted, scenario.processes, self._plan.process)
            beside.append(asyncio.create_task(world.connections(mine, phase.connect_over)))
        if phase.storm is not None:
            beside.append(asyncio.create_task(self._storm(phase, begins)))
        slow = _share(phase.slow_readers, scenario.processes, self._plan.process)
        if slow or phase.half_open:
            beside.append(asyncio.create_task(self._rude(phase, slow)))
        await self._arrivals(phase, begins)
        await _until(begins + phase.duration)
        for task in beside:
            if not task.done():
                task.cancel()
        for result in await asyncio.gather(*beside, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
        for actor in world.actors:
            actor.speed_up()
        await self._count_dropped()

    async def _arrivals(self, phase: Phase, begins: float) -> None:
        scenario, world = self._scenario, self._world
        weights = scenario.mix_of(phase).weights
        ramp = phase.ramp
        if not weights or not (ramp.start or ramp.end):
            return
        kinds, chance = list(weights), world.chance
        rising = list(itertools.accumulate(weights.values()))
        part = 1 / scenario.processes
        times = due_times(ramp.start * part, ramp.end * part, phase.duration, arrivals=phase.arrivals, chance=chance)
        for count, at in enumerate(times):
            due = begins + at
            wait = due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            elif count % BATCH == 0:
                await asyncio.sleep(0)
            if world.wanted and world.actors:
                world.perform(chance.choices(kinds, cum_weights=rising)[0], due)

    async def _storm(self, phase: Phase, begins: float) -> None:
        assert phase.storm is not None  # noqa: S101  (the caller has looked)
        await _until(begins + phase.storm.at)
        self._world.storm(phase.storm.share, phase.storm.over)

    async def _rude(self, phase: Phase, slow: int) -> None:
        """Slow readers and half-open sockets, once people have had a moment to connect."""
        await asyncio.sleep(phase.connect_over + min(1.0, phase.duration / 4))
        world = self._world
        readers = [actor for actor in world.actors[: world.wanted] if actor.up][-slow:] if slow else []
        for actor in readers:
            actor.slow_down()
        host, port = world.addresses[0]
        token = world.tokens.make(f"{self._plan.run}-half-open", "fan", time.time() + 3600)
        for _ in range(_share(phase.half_open, self._scenario.processes, self._plan.process)):
            with suppress(SocketFailed, OSError, TimeoutError):
                socket = await sockets.connect(host, port, auth={"token": token}, on_close=self._half_open_closed)
                socket.vanish()
                self._half_open.append(socket)
                world.recorder.count("half_open")

    def _half_open_closed(self, _socket: Socket, _error: Exception | None) -> None:
        self._world.recorder.count("half_open_dropped")

    async def _count_dropped(self) -> None:
        """Looks whether the server has given half-open sockets up: only who reads learns of it."""
        for socket in self._half_open:
            socket.resume_reading()
        if self._half_open:
            await asyncio.sleep(GOODBYE_SECONDS / 2)
            for socket in self._half_open:
                socket.on_close = None
                socket.abort()
            self._half_open.clear()

    async def _tick(self) -> None:
        began = self._world.recorder.began
        for second in itertools.count():
            await _until(began + second + 1)
            self._write_tick()

    def _write_tick(self) -> None:
        world = self._world
        second = max(self._last_second + 1, int(time.perf_counter() - world.recorder.began - 0.5))
        self._last_second = second
        write(Report(kind="tick", tick=world.recorder.take(second, world.up), busy=time.process_time()))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self._world.resend_late()

    async def _settle(self) -> None:
        deadline = time.perf_counter() + self._scenario.settle
        while not self._world.settled and time.perf_counter() < deadline:  # noqa: ASYNC110  (many change it)
            await asyncio.sleep(0.05)
        await asyncio.sleep(min(GOODBYE_SECONDS, self._scenario.settle))  # badges and receipts are gathered for a while

    # --- after ---

    async def verdict(self) -> Verdict:
        """Compares what everybody holds with what the server has."""
        world = self._world
        verdict = Verdict(unanswered=len(world.unacked))
        here = world.actors[: world.wanted]
        behind = [(actor, place) for actor in here for place in actor.ask_everything()]
        for actor, place in behind:
            verdict.found("left_behind", f"{actor.user_id} in {place.log.id} holds {place.rev} of {place.log.rev}")
        deadline = time.perf_counter() + ASKING_SECONDS
        while any(place.behind for _, place in behind) and time.perf_counter() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        roles = {actor.user_id: actor.role for actor in world.actors}
        await limited([partial(self._judge, verdict, log, roles) for log in world.logs if log.places])
        await self._judge_unread(verdict, roles)
        if verdict.duplicated or verdict.reordered:
            verdict.examples = [*world.odd, *verdict.examples][:MOST_EXAMPLES]
        return verdict

    async def _judge(self, verdict: Verdict, log: Log, roles: dict[str, str]) -> None:
        viewer = log.places[0].user_id
        stored = await self._marketplace.stored(log.id, (viewer, roles[viewer]), marks=not log.live)
        judge(verdict, log, stored)

    async def _judge_unread(self, verdict: Verdict, roles: dict[str, str]) -> None:
        places = [place for log in self._world.logs if not log.live for place in log.places if not place.gone]
        if len(places) > MOST_UNREAD_COMPARED:
            places = self._world.chance.sample(places, MOST_UNREAD_COMPARED)

        async def one(place: Any) -> None:
            count = await self._marketplace.unread(place.log.id, (place.user_id, roles[place.user_id]))
            judge_unread(verdict, place, count)

        await limited([partial(one, place) for place in places])

    async def close(self) -> None:
        """Everybody leaves."""
        for actor in self._world.actors:
            actor.leave()
        await self._world.close()
        await asyncio.sleep(0.1)


def _share(count: int, processes: int, process: int) -> int:
    """This process's part of `count`, when the parts are as even as can be."""
    return count // processes + (process < count % processes)


def _groups(actors: list[Actor], members: int, each: int) -> Iterator[list[Actor]]:
    """Members of each conversation: neighbours first, then people further and further apart; nobody is left out."""
    for turn in range(each):
        order = actors if turn == 0 else [actors[(i * (2 * turn + 1)) % len(actors)] for i in range(len(actors))]
        for begin in range(0, len(order), members):
            group = list(dict.fromkeys(order[begin : begin + members]))
            if len(group) == members:
                yield group
            elif turn == 0:
                yield order[-members:]


async def _until(when: float) -> None:
    wait = when - time.perf_counter()
    if wait > 0:
        await asyncio.sleep(wait)


def write(report: Report) -> None:
    """One line to the runner."""
    sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    sys.stdout.buffer.flush()


async def _lines() -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=2**24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _serve() -> None:
    lines = await _lines()
    plan = msgspec.json.decode(await lines.readline(), type=Plan, dec_hook=lambda kind, value: kind(value))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64)) as http:
        generator = Generator(plan, http)
        await generator.prepare()
        write(Report(kind="ready"))
        began = msgspec.json.decode(await lines.readline())["began"]
        work = asyncio.create_task(_work(generator, began))
        gone = asyncio.create_task(lines.readline())
        asyncio.get_running_loop().set_exception_handler(partial(_fail, work))
        await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            work.cancel()
        gone.cancel()
        with suppress(asyncio.CancelledError):
            await work
        await generator.close()


async def _work(generator: Generator, began: float) -> None:
    await generator.run(began)
    write(Report(kind="verdict", verdict=await generator.verdict(), busy=time.process_time()))


def _fail(work: "asyncio.Task[None]", loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A mistake of our own must not look like a result."""
    loop.default_exception_handler(context)
    write(Report(kind="failed", text=f"{context.get('message')}: {context.get('exception')!r}"))
    work.cancel()


def main() -> None:
    """Runs until the runner has its verdict."""
    try:
        uvloop.run(_serve())
    except (MarketplaceFailed, ExceptionGroup) as error:
        first: BaseException = error
        while isinstance(first, ExceptionGroup):
            first = first.exceptions[0]
        if not isinstance(first, MarketplaceFailed):
            raise
        write(Report(kind="failed", text=str(first)))
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
