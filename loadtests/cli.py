"""`python -m loadtests run | compare`, also `hub loadtest`: load tests from scenario files."""

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
import uvloop
from rich.console import Console

from hub.settings import DEVELOPMENT_SECRET
from loadtests import compare as comparison
from loadtests import scenario as scenarios
from loadtests.bounds import NotAllowed, check_hosts
from loadtests.live import Lines, Picture
from loadtests.marketplace import MarketplaceFailed
from loadtests.outcome import Outcome
from loadtests.plants import KINDS, Kind
from loadtests.report import write_all
from loadtests.runner import Choices, Run, RunFailed
from loadtests.scenario import Scenario, ScenarioError, Target
from loadtests.topology import TopologyFailed
from loadtests.words import summary

WRONG_USE = 2
INTERRUPTED = 130
FAILED = 1

app = typer.Typer(
    help="Load tests of a hub.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)


@app.command()
def run(
    scenario: Annotated[Path, typer.Argument(help="A scenario file, such as loadtests/scenarios/chat.yaml.")],
    url: Annotated[list[str] | None, typer.Option(help="Another hub than the scenario names; may be repeated.")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for the results.")] = None,
    pid: Annotated[list[int] | None, typer.Option(help="The hub's process, where it cannot be found.")] = None,
    allow_remote: Annotated[
        list[str] | None, typer.Option(help="A host that is not this machine and may be loaded.")
    ] = None,
    plant: Annotated[
        str | None, typer.Option(help=f"Spoil one message at a client: {', '.join(KINDS)}. The run must notice.")
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Lines instead of a picture.")] = False,  # noqa: FBT002
) -> None:
    """Runs a scenario; exit code 0 when every threshold was kept to, 1 when not, 2 when it cannot be run."""
    chosen = _load(scenario, url)
    planted = _planted(plant)
    try:
        check_hosts(chosen.target.all if chosen.target is not None else [], allow_remote or [])
    except NotAllowed as error:
        raise _refused(str(error)) from None
    folder = output or Path("loadtest-results") / f"{chosen.name}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    choices = Choices(
        secret=os.environ.get("HUB_JWT_SECRET") or DEVELOPMENT_SECRET, pids=pid or (), plant=planted, output=folder
    )
    outcome = _carry_out(chosen, choices, plain=plain)
    write_all(outcome, folder)
    print(summary(outcome))
    print(f"results: {folder / 'report.html'}, run.json, series.csv")
    if not outcome.passed:
        raise typer.Exit(FAILED)


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="run.json of the earlier run.")],
    after: Annotated[Path, typer.Argument(help="run.json of the later run.")],
    fail_over: Annotated[
        float | None, typer.Option(help="Fail when a figure got worse by more than this factor, such as 1.2.", min=1.0)
    ] = None,
) -> None:
    """Shows two runs side by side; exit code 1 when the later one is worse than `--fail-over` allows."""
    try:
        rows = comparison.compare(comparison.read(before), comparison.read(after))
    except comparison.NotARun as error:
        raise _refused(str(error)) from None
    print(comparison.shown(rows, fail_over))
    if fail_over is not None and any(row.worse_than(fail_over) for row in rows):
        raise typer.Exit(FAILED)


@app.command()
def check(scenario: Annotated[Path, typer.Argument(help="A scenario file.")]) -> None:
    """Says whether a scenario file can be run, without running it."""
    chosen = _load(scenario, None)
    print(f"{scenario}: fine: {chosen.seconds:g} s, {chosen.people:,} people, about {chosen.arrivals:,.0f} arrivals")


def _load(path: Path, urls: list[str] | None) -> Scenario:
    try:
        chosen = scenarios.load(path)
    except ScenarioError as error:
        raise _refused(*error.problems) from None
    if urls:
        if chosen.topology is not None:
            raise _refused(f"{path}: this scenario starts a cluster of its own, so --url does not fit")
        chosen = msgspec.structs.replace(chosen, target=Target(urls=urls))
    return chosen


def _planted(name: str | None) -> Kind | None:
    for kind in KINDS:
        if kind == name:
            return kind
    if name is not None:
        raise _refused(f"--plant: there are {', '.join(KINDS)}")
    return None


def _refused(*problems: str) -> typer.Exit:
    for problem in problems:
        print(problem, file=sys.stderr)
    return typer.Exit(WRONG_USE)


def _carry_out(scenario: Scenario, choices: Choices, *, plain: bool) -> Outcome:
    console = Console(stderr=True)
    # SIGTERM ends what we have started as tidily as Ctrl-C. A shell starts what it runs in the background with SIGINT
    # ignored, so its own meaning is given back first.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
    try:
        if console.is_terminal and not plain:
            with Picture(scenario, console) as picture:
                return uvloop.run(Run(scenario, choices, picture).carry_out())
        return uvloop.run(Run(scenario, choices, Lines(scenario)).carry_out())
    except KeyboardInterrupt:
        print("stopped; what was started is ended", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    except (RunFailed, MarketplaceFailed, TopologyFailed, TimeoutError, ExceptionGroup) as error:
        reason = _first(error)
        if not isinstance(reason, (RunFailed, MarketplaceFailed, TopologyFailed, TimeoutError, OSError)):
            raise
        raise _refused(f"cannot run: {str(reason) or type(reason).__name__}") from None


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
