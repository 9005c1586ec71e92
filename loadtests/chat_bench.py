"""`chat`: durable chat over real sockets, against a hub in a process of its own."""

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from loadtests.chat_load import LATE_MS, Load, as_fast_as_answered, fixed_rate
from loadtests.figures import part, table, whole
from loadtests.hubprocess import running_hub
from loadtests.ledger import Ledger, Verdict
from loadtests.pairs import connected_pairs
from loadtests.progress import Progress

GOAL_P99_MS = 50.0
GOAL_RATE = 500.0
WARM_UP_SECONDS = 1.0
SETUP_SECONDS = 5.0


class ChatResult(Struct, frozen=True):
    """Both loads on one database, and whether every promise was kept under them."""

    database: str
    rate: float
    pairs: int
    fixed: Load
    saturated: Load
    verdict: Verdict
    refusals: dict[str, int]
    complaints: dict[str, int]
    """What the hub logged as warnings and errors: event -> how often."""


async def measure(
    kind: str, database_url: str, folder: Path, *, pairs: int, rate: float, seconds: float, progress: Progress
) -> ChatResult:
    """Starts a hub on a migrated database, connects everybody, and runs both loads."""
    ledger = Ledger()
    progress.say(f"chat on {kind}: starting a hub and connecting {pairs} pairs")
    async with running_hub(database_url, folder) as hub, connected_pairs(hub.base, pairs, ledger) as people:
        # Unmeasured, but checked as the rest: caches of statements and the first page of each table.
        await fixed_rate(people, hub, rate=rate, seconds=WARM_UP_SECONDS, name="warm")
        async with progress.phase(f"chat on {kind}: {rate:g} messages/s", seconds):
            fixed = await fixed_rate(people, hub, rate=rate, seconds=seconds, name="fixed")
        async with progress.phase(f"chat on {kind}: as fast as it answers", seconds):
            saturated = await as_fast_as_answered(people, hub, seconds=seconds, name="fast")
        verdict = ledger.verdict(await people.heads())
        complaints = hub.complaints()
    return ChatResult(kind, rate, pairs, fixed, saturated, verdict, dict(ledger.refusals), complaints)


def planned_seconds(seconds: float) -> float:
    """How long `measure` takes."""
    return 2 * seconds + WARM_UP_SECONDS + SETUP_SECONDS


def report(results: Sequence[ChatResult]) -> str:
    """The results as text."""
    headings = (
        "chat",
        "acked/s",
        "to peer p50/p95/p99 ms",
        "to ack p50/p95/p99 ms",
        "server CPU µs/message",
        "lag p99 ms",
        "others' CPU",
    )
    rows = []
    notes = []
    for result in results:
        loads = {f"at {result.rate:g}/s": result.fixed, "as fast as answered": result.saturated}
        for name, load in loads.items():
            rows.append(_row(f"{result.database}: {name}", load))
            if load.generator_bound:
                notes.append(
                    f"  {result.database}, {name}: GENERATOR-BOUND (p99 lag {load.lag_p99_ms:.1f} ms, over "
                    f"{LATE_MS:g}; {load.generator_busy:.0%} of a core): the hub may be faster than this shows"
                )
        notes.append(f"  {result.database}: {_promises(result)}")
        notes += _goal(result)
        if result.complaints:
            notes.append(f"  {result.database}: the hub logged {result.complaints}")
    intro = (
        f"{results[0].pairs} pairs on WebSockets; one hub process with its worker; latencies from when a send was due"
    )
    return "\n".join([intro, "", table(headings, rows), "", *notes])


def _row(name: str, load: Load) -> tuple[str, ...]:
    return (
        name,
        whole(load.per_second),
        str(load.to_peer),
        str(load.to_ack),
        whole(load.server_cpu_us),
        f"{load.lag_p99_ms:.1f}",
        part(load.others),
    )


def _promises(result: ChatResult) -> str:
    refusals = f" {result.refusals}" if result.refusals else ""
    return f"{'kept' if result.verdict.kept else 'BROKEN'}: {result.verdict}{refusals}"


def _goal(result: ChatResult) -> list[str]:
    if result.rate < GOAL_RATE:
        return []
    met = "met" if result.fixed.to_peer.p99 < GOAL_P99_MS else "MISSED"
    return [f"  {result.database}: goal of p99 < {GOAL_P99_MS:g} ms to the peer at {result.rate:g}/s: {met}"]
