"""The benchmarks of the notification router, by name: how each is run, and about how long it takes."""

from pathlib import Path

import uvloop

from loadtests import announcement_bench, cancel_bench, router_bench
from loadtests.crowd import Bench
from loadtests.databases import Fresh
from loadtests.gateway_benches import Length
from loadtests.lines import Line

SECONDS = {"router": (60, 1), "announcement": (45, 0), "cancel": (28, 0)}
"""Name -> (seconds that its fixed work takes, measured runs of `seconds`)."""
QUICK = 0.4
"""A quick look does a part of the work, but starts as many servers."""
NOTIFICATIONS = tuple(SECONDS)


def planned_seconds(name: str, length: Length) -> float:
    """About how long a benchmark takes."""
    fixed, runs = SECONDS[name]
    return fixed * (QUICK if length.quick else 1) + runs * length.seconds


def run(name: str, bench: Bench, fresh: Fresh, folder: Path) -> list[Line]:
    """Measures one on a fresh PostgreSQL database. Must be called where no event loop runs."""
    place = folder / name
    place.mkdir()
    if name == "router":
        return uvloop.run(router_bench.measure(bench, fresh(), fresh(), place))
    measure = {"announcement": announcement_bench.measure, "cancel": cancel_bench.measure}[name]
    return uvloop.run(measure(bench, fresh(), place))
