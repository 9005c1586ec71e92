"""The comparisons with the peers, by name: how each is run, and about how long it takes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import uvloop

from loadtests import (
    connect_bench,
    drop_bench,
    durable_bench,
    echo_bench,
    fanout_bench,
    growth_bench,
    memory_bench,
    nodes_bench,
)
from loadtests.crowd import Bench
from loadtests.databases import Fresh
from loadtests.lines import Line, Server

WITHOUT_DATABASE = {
    "fanout": fanout_bench.measure,
    "paced": fanout_bench.measure_paced,
    "echo": echo_bench.measure,
    "memory": memory_bench.measure,
    "connect": connect_bench.measure,
    "drop": drop_bench.measure,
    "growth": growth_bench.measure,
}
GATEWAY = (*WITHOUT_DATABASE, "durable", "nodes")


class Length(Protocol):
    """What is asked for."""

    @property
    def quick(self) -> bool:
        """A tenth of the sockets."""

    @property
    def seconds(self) -> float:
        """Length of each measured run of the services; half of it is that of a comparison's."""


COSTS: dict[str, tuple[float, float]] = {
    "fanout": (5, 0),
    "paced": (2, 3),
    "echo": (2, 3),
    "memory": (19, 0),
    "connect": (4, 0),
    "drop": (27, 0),
    "growth": (12, 3),
    "durable": (4, 6.5),
    "nodes": (20, 3),
}
"""Name -> (seconds that a server's set-up takes, measured runs of a server)."""
WITHOUT_STOCK = {"paced", "drop", "growth", "durable"}
HUB_ALONE = {"nodes"}


def planned_seconds(name: str, servers: Sequence[Server], length: Length) -> float:
    """About how long a comparison takes."""
    fixed, runs = COSTS[name]
    left_out = {"stock"} if name in WITHOUT_STOCK else {"node", "stock"} if name in HUB_ALONE else set()
    count = len(set(servers) - left_out)
    return count * (fixed * (0.3 if length.quick else 1) + runs * length.seconds / 2)


def run(name: str, bench: Bench, fresh: Fresh | None, folder: Path) -> list[Line]:
    """Measures one comparison; `durable` on a fresh database. Must be called where no event loop runs."""
    if name in WITHOUT_DATABASE:
        return uvloop.run(WITHOUT_DATABASE[name](bench))
    if name == "nodes":
        return uvloop.run(nodes_bench.measure(bench, folder)) if "hub" in bench.servers else []
    assert fresh is not None  # noqa: S101  (the caller has one for `durable`)
    return uvloop.run(durable_bench.measure(bench, fresh(), folder))
