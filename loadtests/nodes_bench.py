"""`nodes`: what more gateways cost: payloads of the bus that they take for each delivery, and CPU for each message.

Every node gets the same load, as a cluster is grown, and whom a person writes to is as likely on any other node.
"""

from pathlib import Path

import aiohttp
from msgspec import Struct

from loadtests.chat_load import Load, fixed_rate
from loadtests.crowd import Bench
from loadtests.ledger import Ledger
from loadtests.lines import Goal, Line
from loadtests.pairs import connected_pairs
from loadtests.procfs import cpu_seconds
from loadtests.scenario import Topology
from loadtests.topology import Cluster, TopologyFailed, running_cluster

SIZES = (1, 2, 4)
RATE = 150.0
"""Messages a second for each node: what four of them take on two cores with their database and the load generator."""
PAIRS = 40
"""For each node."""
WARM_UP_SECONDS = 1.0
RECEIVED, OWN = "hub_bus_received_total", "hub_bus_own_total"


class Shown(Struct, frozen=True):
    """What one size of cluster showed."""

    received: float
    """Payloads of other nodes that the bus brought, for each event at a socket."""
    own: float
    """Payloads that the bus brought back to who had sent them, for each event at a socket: known by their head."""
    cpu_us: float
    """Of all gateways, for each message."""
    p99_ms: float
    lost: int
    """Acked messages that did not come by themselves: a client finds them by `rev`, these here do not look."""
    disordered: int
    """Twice, or in another order than that of their numbers."""


class Gateways:
    """All gateways of a cluster as one."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def cpu_seconds(self) -> float | None:
        """Sum of theirs."""
        return sum(cpu_seconds(node.watched.pid or 0) or 0.0 for node in self._cluster.nodes)

    async def count(self, metric: str) -> float:
        """A counter's sum over them."""
        total = 0.0
        async with aiohttp.ClientSession() as http:
            for base in self._cluster.bases:
                async with http.get(f"{base}/metrics") as response:
                    response.raise_for_status()
                    lines = (await response.text()).splitlines()
                total += sum(float(line.split()[1]) for line in lines if line.startswith(f"{metric} "))
        return total


async def measure(bench: Bench, folder: Path) -> list[Line]:
    """The hub alone: one node, two, four."""
    shown: dict[int, Shown] = {}
    for size in SIZES:
        bench.progress.say(f"nodes: {size} at {RATE * size:g} messages/s, {bench.seconds:g} s")
        place = folder / f"nodes-{size}"
        place.mkdir()
        async with running_cluster(Topology(gateways=size, redis=True), place) as cluster:
            shown[size] = await _one(cluster, size, bench.seconds)
    lines = []
    for size, each in shown.items():
        title = f"1:1 chats on {size} node{'s' if size > 1 else ''}"
        goals = [Goal(1.0)] if size > 1 else []
        lines += [
            _line(title, "others' bus payloads/delivery", each.received, *goals, digits=2),
            _line(title, "own ones back/delivery", each.own, digits=2),
            _line(title, "CPU µs/message", each.cpu_us, digits=0),
            _line(title, "to peer p99 ms", each.p99_ms),
            _line(title, "not delivered live", each.lost, Goal(0), digits=0),
            _line(title, "twice or out of order", each.disordered, Goal(0), digits=0),
        ]
    grown = shown[SIZES[-1]].cpu_us / shown[SIZES[0]].cpu_us
    lines.append(_line(f"CPU for a message, {SIZES[-1]} nodes for {SIZES[0]}", "ratio", grown, Goal(1.2), digits=2))
    return lines


async def _one(cluster: Cluster, size: int, seconds: float) -> Shown:
    gateways, ledger = Gateways(cluster), Ledger()
    base, *others = cluster.bases
    async with connected_pairs(base, PAIRS * size, ledger, others) as people:
        await fixed_rate(people, gateways, rate=RATE * size, seconds=WARM_UP_SECONDS, name="warm")
        received, own, events = await gateways.count(RECEIVED), await gateways.count(OWN), people.events
        load: Load = await fixed_rate(people, gateways, rate=RATE * size, seconds=seconds, name="fixed")
        received, own = await gateways.count(RECEIVED) - received, await gateways.count(OWN) - own
        events = people.events - events
        verdict = ledger.verdict(await people.heads())
    if not events or load.server_cpu_us is None:
        raise TopologyFailed(f"{size} nodes delivered nothing")
    return Shown(
        received=received / events,
        own=own / events,
        cpu_us=load.server_cpu_us,
        p99_ms=load.to_peer.p99,
        lost=verdict.lost,
        disordered=verdict.duplicated + verdict.reordered,
    )


def _line(title: str, unit: str, value: float, *goals: Goal, digits: int = 1) -> Line:
    return Line(bench="nodes", title=title, unit=unit, turns={"hub": [value]}, goals=list(goals), digits=digits)
