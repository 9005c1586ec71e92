"""`sender`: acknowledged messages a second at the service, by group commit and by a transaction a message.

Both ways run in turns on the same database, so that what the machine does meanwhile meets both alike.
"""

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct
from sqlalchemy import event

from hub.bootstrap import Hub, bootstrap
from hub.chat.conversations import NewConversation, NewMember
from hub.chat.sender import SendMessage, Sent
from hub.chat.users import add_bare
from loadtests.configuration import settings
from loadtests.contention import Contention
from loadtests.figures import Latency, latency, part, table, whole
from loadtests.one_by_one import OneByOne
from loadtests.progress import Progress

SENDERS = 64
CONVERSATIONS = 32
ROUNDS = 2
WARM_UP_SECONDS = 0.5
GOAL_PER_SECOND = 5_000
PEER_POOL = 32
"""Connections (and as many again when busy) for the peer, which did best with them of 5, 16 and 32; the group commit
writes through one."""
BODY = "Bonjou! Your video is almost ready, I will send it tonight. Mèsi anpil for waiting."

GROUP_COMMIT = "group commit"
ONE_BY_ONE = "a transaction each"

Send = Callable[[SendMessage], Awaitable[Sent]]
Place = tuple[str, str]
"""(conversation id, user id) of one sender."""


class SenderRun(Struct, frozen=True):
    """One measured run."""

    way: str
    acked: int
    seconds: float
    per_second: float
    ack: Latency
    cpu_us: float
    """CPU time of this process for each message, in microseconds."""
    group: float
    """Mean messages in a transaction."""
    others: float | None
    """The part of the machine's work that was somebody else's."""


class SenderResult(Struct, frozen=True):
    """All runs on one database."""

    database: str
    runs: list[SenderRun]

    def median(self, way: str) -> float:
        """Acknowledged messages a second."""
        return statistics.median(run.per_second for run in self.runs if run.way == way)

    @property
    def ratio(self) -> float:
        """How many times as many messages group commit acknowledges."""
        return self.median(GROUP_COMMIT) / self.median(ONE_BY_ONE)


class _Commits:
    """Counts the write transactions of a hub."""

    def __init__(self, hub: Hub) -> None:
        self.count = 0
        event.listen(hub.database.connections.engine.sync_engine, "commit", self._on_commit)

    def _on_commit(self, _connection: object) -> None:
        self.count += 1


async def measure(kind: str, database_url: str, seconds: float, progress: Progress) -> SenderResult:
    """Runs both ways in turns on a fresh database, `seconds` each time."""
    hub = bootstrap(settings(database_url, database_pool=PEER_POOL))
    ways: dict[str, Send] = {GROUP_COMMIT: hub.services.sender.send, ONE_BY_ONE: OneByOne(hub.database).send}
    runs = []
    try:
        places = await _places(hub)
        commits = _Commits(hub)
        for way, send in ways.items():
            async with progress.phase(f"sender on {kind}: warming up {way}", WARM_UP_SECONDS):
                await _run(way, send, places, commits, WARM_UP_SECONDS)
        for turn, (way, send) in itertools.product(range(1, ROUNDS + 1), ways.items()):
            async with progress.phase(f"sender on {kind}: {way}, run {turn} of {ROUNDS}", seconds):
                runs.append(await _run(way, send, places, commits, seconds))
    finally:
        await hub.services.sender.stop()
        await hub.database.connections.close()
    return SenderResult(kind, runs)


def planned_seconds(seconds: float) -> float:
    """How long `measure` takes."""
    return 2 * (WARM_UP_SECONDS + ROUNDS * seconds) + 2


async def _places(hub: Hub) -> list[Place]:
    """The members of new conversations, two in each: every one of them sends."""
    places = []
    async with hub.database.begin() as tx:
        for number in range(CONVERSATIONS):
            fan, creator = f"fan-{number}", f"creator-{number}"
            await add_bare(tx, [fan, creator])
            people = [NewMember(fan, "fan"), NewMember(creator, "creator")]
            new = NewConversation(kind="order", order_id=f"order-{number}", members=people)
            conversation_id = await hub.services.conversations.create(tx, new, created_by="platform")
            places += [(conversation_id, fan), (conversation_id, creator)]
    return places


async def _run(way: str, send: Send, places: Sequence[Place], commits: _Commits, seconds: float) -> SenderRun:
    assert len(places) == SENDERS  # noqa: S101  (the size is part of what the figures mean)
    waits: list[float] = []
    contention = Contention()
    cpu, began, committed = time.process_time(), time.perf_counter(), commits.count
    ends = began + seconds

    async def one(place: Place) -> None:
        conversation_id, sender_id = place
        for number in itertools.count():
            asked = time.perf_counter()
            if asked >= ends:
                return
            wish = SendMessage(
                conversation_id=conversation_id,
                sender_id=sender_id,
                client_message_id=f"{began}-{number}",
                body=BODY,
            )
            await send(wish)
            waits.append(time.perf_counter() - asked)

    async with asyncio.timeout(seconds + 30), asyncio.TaskGroup() as group:
        for place in places:
            group.create_task(one(place))
    took = time.perf_counter() - began  # to the last ack: a little more than asked for
    return SenderRun(
        way=way,
        acked=len(waits),
        seconds=took,
        per_second=len(waits) / took,
        ack=latency(waits),
        cpu_us=(time.process_time() - cpu) / len(waits) * 1e6,
        group=len(waits) / (commits.count - committed),
        others=contention.others(),
    )


def report(results: Sequence[SenderResult]) -> str:
    """The results as text."""
    headings = ("sender", "acked/s", "ack p50 ms", "ack p99 ms", "CPU µs/message", "messages/commit", "others' CPU")
    rows = [
        (
            f"{result.database}: {run.way}",
            whole(run.per_second),
            f"{run.ack.p50:.2f}",
            f"{run.ack.p99:.2f}",
            whole(run.cpu_us),
            f"{run.group:.1f}",
            part(run.others),
        )
        for result in results
        for run in result.runs
    ]
    lines = [f"{SENDERS} concurrent senders in {CONVERSATIONS} conversations, acked after the commit", ""]
    lines += [table(headings, rows), ""]
    for result in results:
        ours, peer = result.median(GROUP_COMMIT), result.median(ONE_BY_ONE)
        lines.append(
            f"  {result.database}: {result.ratio:.1f} times the peer (medians {whole(ours)} and {whole(peer)})"
        )
        if result.database == "postgresql":
            met = "met" if ours >= GOAL_PER_SECOND else "MISSED"
            lines.append(f"  goal of {GOAL_PER_SECOND:,} acked/s on PostgreSQL: {met}")
    return "\n".join(lines)
