"""`python -m loadtests bench`: measures the hub on this machine, and fails when a promise is broken meanwhile."""

import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import aiohttp
import msgspec
import typer
import uvloop
from msgspec import Struct

import hub
from loadtests import chat_bench, sender_bench
from loadtests.chat_bench import ChatResult
from loadtests.databases import KINDS, Fresh, databases
from loadtests.hubprocess import HubFailed
from loadtests.machine import Machine, NotDurable, machine, promises
from loadtests.postgres import PostgresFailed
from loadtests.progress import Progress
from loadtests.rawclient import ConnectionFailed
from loadtests.sender_bench import SenderResult

NAMES = ("sender", "chat")
QUICK_SECONDS = 1.5
START_SECONDS = 4.0
"""PostgreSQL's initdb and start, and the migrations."""
INTERRUPTED = 130
WRONG_USE = 2

app = typer.Typer(help="Measures the hub.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


class Plan(Struct, frozen=True):
    """What to measure, and for how long."""

    names: Sequence[str]
    kinds: Sequence[str]
    seconds: float
    pairs: int
    rate: float

    @property
    def planned_seconds(self) -> float:
        """About how long all of it takes."""
        each = {"sender": sender_bench.planned_seconds, "chat": chat_bench.planned_seconds}
        return START_SECONDS + len(self.kinds) * sum(each[name](self.seconds) for name in self.names)


class Report(Struct, kw_only=True):
    """Everything that was measured; what `--json` writes."""

    hub: str
    at: str
    plan: Plan
    machine: Machine
    databases: dict[str, dict[str, str]] = {}
    sender: list[SenderResult] = []
    chat: list[ChatResult] = []

    @property
    def broken(self) -> bool:
        """Whether a message was lost, doubled, out of order, or not answered."""
        return any(not result.verdict.kept for result in self.chat)


@app.callback()
def main() -> None:
    """Keeps `bench` a command by name, so that others can stand beside it."""


@app.command()
def bench(
    names: Annotated[list[str] | None, typer.Argument(help="sender, chat; all when none is named.")] = None,
    seconds: Annotated[float, typer.Option(help="Length of each measured run.", min=0.5, max=60)] = 10,
    quick: Annotated[bool, typer.Option("--quick", help="A short look: under 40 s.")] = False,  # noqa: FBT002  (a flag)
    json: Annotated[Path | None, typer.Option(help="Also write everything to this file.")] = None,
    database: Annotated[list[str] | None, typer.Option(help="sqlite or postgresql; both when none is named.")] = None,
    pairs: Annotated[int, typer.Option(help="chat: pairs of people.", min=1, max=1000)] = 50,
    rate: Annotated[float, typer.Option(help="chat: messages/s of the fixed rate.", min=1, max=20_000)] = 500,
) -> None:
    """Measures sends at the service and chat over sockets, on SQLite and PostgreSQL."""
    plan = Plan(
        names=_known(names, NAMES, "benchmark"),
        kinds=_known(database, KINDS, "database"),
        seconds=QUICK_SECONDS if quick else seconds,
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
    except (PostgresFailed, HubFailed, NotDurable, ConnectionFailed, TimeoutError, aiohttp.ClientError) as error:
        print(f"cannot measure: {str(error) or type(error).__name__}", file=sys.stderr)
        raise typer.Exit(1) from None
    if json is not None:
        json.write_bytes(msgspec.json.format(msgspec.json.encode(report)))
    if report.broken:
        print("a promise was broken: see above", file=sys.stderr)
        raise typer.Exit(1)


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
    return report


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
