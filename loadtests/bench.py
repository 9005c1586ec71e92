"""`python -m loadtests bench`: measures the hub and its peers on this machine, and fails when a promise is broken."""

import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import aiohttp
import msgspec
import typer
import uvloop
from msgspec import Struct

import hub
from loadtests import bars, chat_bench, gateway_benches, lines, notification_benches, sender_bench
from loadtests.chat_bench import ChatResult
from loadtests.contention import Contention
from loadtests.crowd import Bench, allow_files
from loadtests.databases import KINDS, Fresh, databases
from loadtests.durable_bench import PromiseBroken
from loadtests.figures import part
from loadtests.gateway_benches import GATEWAY
from loadtests.hubprocess import HubFailed
from loadtests.lines import SERVERS, Line, Peer, Server
from loadtests.machine import Machine, NotDurable, machine, promises
from loadtests.marketplace import MarketplaceFailed
from loadtests.notification_benches import NOTIFICATIONS
from loadtests.peers.processes import PeerFailed, node_peer
from loadtests.postgres import PostgresFailed
from loadtests.progress import Progress
from loadtests.redis import RedisFailed
from loadtests.sender_bench import SenderResult
from loadtests.sockets import SocketFailed
from loadtests.topology import TopologyFailed

SERVICE = ("sender", "chat")
"""Of the hub alone, on each kind of database."""
NAMES = (*GATEWAY, *NOTIFICATIONS, *SERVICE)
QUICK_SECONDS = 1.5
START_SECONDS = 4.0
"""PostgreSQL's initdb and start, and the migrations."""
MOST_SOCKETS = 10_000
QUICK_SOCKETS = 3_000
INTERRUPTED = 130
WRONG_USE = 2
FAILURES = (
    PostgresFailed,
    RedisFailed,
    HubFailed,
    PeerFailed,
    TopologyFailed,
    MarketplaceFailed,
    PromiseBroken,
    NotDurable,
    SocketFailed,
    TimeoutError,
    OSError,
    aiohttp.ClientError,
)

app = typer.Typer(help="Measures the hub.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


class Plan(Struct, frozen=True):
    """What to measure, and for how long."""

    names: Sequence[str]
    servers: Sequence[Server]
    kinds: Sequence[str]
    seconds: float
    quick: bool
    pairs: int
    rate: float

    @property
    def planned_seconds(self) -> float:
        """About how long all of it takes."""
        each = {"sender": sender_bench.planned_seconds, "chat": chat_bench.planned_seconds}
        service = len(self.kinds) * sum(each[name](self.seconds) for name in self.names if name in SERVICE)
        gateway = sum(
            gateway_benches.planned_seconds(name, self.servers, self) for name in self.names if name in GATEWAY
        )
        router = sum(notification_benches.planned_seconds(name, self) for name in self.names if name in NOTIFICATIONS)
        return START_SECONDS + service + gateway + router


class Report(Struct, kw_only=True):
    """Everything that was measured; what `--json` writes."""

    hub: str
    at: str
    plan: Plan
    machine: Machine
    databases: dict[str, dict[str, str]] = {}
    lines: list[Line] = []
    others: dict[str, float | None] = {}
    """The part of the machine's work during a comparison that was somebody else's."""
    failures: dict[str, str] = {}
    """Comparisons that could not be made: name -> why."""
    sender: list[SenderResult] = []
    chat: list[ChatResult] = []

    @property
    def broken(self) -> bool:
        """Whether a message was lost, doubled, out of order, or not answered, or a comparison failed."""
        return bool(self.failures) or any(not result.verdict.kept for result in self.chat)


@app.callback()
def main() -> None:
    """Keeps `bench` a command by name, so that others can stand beside it."""


@app.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(help=f"{', '.join(NAMES)}; all when none is named.")] = None,
    seconds: Annotated[float, typer.Option(help="Length of each measured run.", min=0.5, max=60)] = 10,
    quick: Annotated[bool, typer.Option("--quick", help="A short look, with a tenth of the sockets.")] = False,  # noqa: FBT002  (a flag)
    json: Annotated[Path | None, typer.Option(help="Also write everything to this file.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Also draw the comparison with the peers into this file.")] = None,
    server: Annotated[list[str] | None, typer.Option(help="hub, node or stock; all when none is named.")] = None,
    database: Annotated[list[str] | None, typer.Option(help="sqlite or postgresql; both when none is named.")] = None,
    pairs: Annotated[int, typer.Option(help="chat: pairs of people.", min=1, max=1000)] = 50,
    rate: Annotated[float, typer.Option(help="chat: messages/s of the fixed rate.", min=1, max=20_000)] = 500,
) -> None:
    """Measures gateway, durable chat and notifications beside their peers, and the hub on both databases."""
    plan = Plan(
        names=_known(names, NAMES, "benchmark"),
        servers=_servers(server),
        kinds=_known(database, KINDS, "database"),
        seconds=QUICK_SECONDS if quick else seconds,
        quick=quick,
        pairs=pairs,
        rate=rate,
    )
    # Whoever ends us by SIGTERM gets the same tidy end as by Ctrl-C: our processes go, our folder too. A shell starts
    # what it runs in the background with SIGINT ignored, so its own meaning is given back first.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
    try:
        report = _measure(plan)
    except KeyboardInterrupt:
        print("stopped; what was started is ended", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    except FAILURES as error:
        print(f"cannot measure: {str(error) or type(error).__name__}", file=sys.stderr)
        raise typer.Exit(1) from None
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    if svg is not None:
        svg.write_text(bars.draw(report.lines))
    if report.broken:
        print("a promise was broken, or something could not be measured: see above", file=sys.stderr)
        raise typer.Exit(1)


def _servers(given: Sequence[str] | None) -> list[Server]:
    """Who is measured; Node is left out, with a word about it, where it cannot be had and was not asked for."""
    wanted = _known(given, SERVERS, "server")
    if "node" in wanted:
        try:
            node_peer()
        except PeerFailed as error:
            print(f"without Node: {error}", file=sys.stderr)
            if given:
                raise typer.Exit(1) from None
            wanted.remove("node")
    return [each for each in SERVERS if each in wanted]


def _known(given: Sequence[str] | None, known: Sequence[str], what: str) -> list[str]:
    for each in given or ():
        if each not in known:
            print(f"there is no {what} {each!r}; there are {', '.join(known)}", file=sys.stderr)
            raise typer.Exit(WRONG_USE)
    return [each for each in known if each in given] if given else list(known)


def _measure(plan: Plan) -> Report:
    progress = Progress(plan.planned_seconds)
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        folder = Path(name)
        report = Report(
            hub=hub.__version__,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
            plan=plan,
            machine=machine(folder),
        )
        print(f"hub {report.hub}, {report.at}\n{report.machine}")
        _measure_gateway(plan, report, folder, progress)
        _measure_notifications(plan, report, folder, progress)
        if any(each in SERVICE for each in plan.names):
            _measure_services(plan, report, folder, progress)
    return report


def _measure_gateway(plan: Plan, report: Report, folder: Path, progress: Progress) -> None:
    """The comparisons with the peers."""
    names = [name for name in plan.names if name in GATEWAY]
    if not names:
        return
    allow_files(QUICK_SOCKETS if plan.quick else MOST_SOCKETS)
    bench = _bench(plan, progress)
    with ExitStack() as stack:
        fresh = _postgresql(stack, report, folder, progress) if "durable" in names else None
        each = {name: partial(gateway_benches.run, name, bench, fresh, folder) for name in names}
        _measure_lines(report, each, ("node", "stock"))


def _measure_notifications(plan: Plan, report: Report, folder: Path, progress: Progress) -> None:
    """The router: from an event to the provider."""
    names = [name for name in plan.names if name in NOTIFICATIONS]
    if not names or "hub" not in plan.servers:
        return
    bench = _bench(plan, progress)
    with ExitStack() as stack:
        fresh = _postgresql(stack, report, folder, progress)
        each = {name: partial(notification_benches.run, name, bench, fresh, folder) for name in names}
        _measure_lines(report, each, ("procrastinate",))


def _bench(plan: Plan, progress: Progress) -> Bench:
    return Bench(servers=plan.servers, quick=plan.quick, seconds=plan.seconds / 2, progress=progress)


def _postgresql(stack: ExitStack, report: Report, folder: Path, progress: Progress) -> Fresh:
    progress.say("starting PostgreSQL")
    fresh = stack.enter_context(databases(["postgresql"], folder))["postgresql"]
    report.databases["postgresql"] = uvloop.run(promises(fresh()))
    return fresh


def _measure_lines(report: Report, benches: Mapping[str, Callable[[], list[Line]]], peers: Sequence[Peer]) -> None:
    """Measures one after the other, and prints their lines."""
    found: list[Line] = []
    for name, measure in benches.items():
        contention = Contention()
        try:
            found += measure()
        except FAILURES as error:  # the others are still worth knowing
            report.failures[name] = str(error) or type(error).__name__
        report.others[name] = contention.others()
    report.lines += found
    print(f"\n{lines.report(found, peers)}", flush=True)
    others = ", ".join(f"{name} {part(report.others[name])}" for name in benches)
    print(f"\nothers' part of the machine's work meanwhile: {others}", flush=True)
    for name in benches:
        if name in report.failures:
            print(f"\n{name} could not be measured: {report.failures[name]}", flush=True)
    missed = lines.missed(found)
    if missed:
        print(f"\ngoals missed: {'; '.join(missed)}", flush=True)


def _measure_services(plan: Plan, report: Report, folder: Path, progress: Progress) -> None:
    """The hub alone, on each kind of database."""
    progress.say(f"starting {' and '.join(plan.kinds)}")
    with databases(plan.kinds, folder) as makers:
        for kind, fresh in makers.items():
            report.databases[kind] = uvloop.run(promises(fresh()))
            print(f"{kind}: {', '.join(f'{key} {value}' for key, value in report.databases[kind].items())}")
        if "sender" in plan.names:
            report.sender = _measure_sender(plan, makers, progress)
            print(f"\n{sender_bench.report(report.sender)}", flush=True)
        if "chat" in plan.names:
            report.chat = _measure_chat(plan, makers, folder, progress)
            print(f"\n{chat_bench.report(report.chat)}", flush=True)


def _measure_sender(plan: Plan, makers: dict[str, Fresh], progress: Progress) -> list[SenderResult]:
    return [uvloop.run(sender_bench.measure(kind, fresh(), plan.seconds, progress)) for kind, fresh in makers.items()]


def _measure_chat(plan: Plan, makers: dict[str, Fresh], folder: Path, progress: Progress) -> list[ChatResult]:
    return [
        uvloop.run(
            chat_bench.measure(
                kind, fresh(), folder, pairs=plan.pairs, rate=plan.rate, seconds=plan.seconds, progress=progress
            )
        )
        for kind, fresh in makers.items()
    ]
