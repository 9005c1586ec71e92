"""`durable`: chat that is committed before it is acked, the hub and a Node server on the same PostgreSQL, fsync on."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from loadtests.chat_load import BUSY, Load, Server, as_fast_as_answered, fixed_rate
from loadtests.crowd import Bench
from loadtests.hubprocess import running_hub
from loadtests.ledger import Ledger, Verdict
from loadtests.lines import Goal, Line
from loadtests.pairs import Pairs, connected_pairs
from loadtests.peers.processes import node_peer, running_peer

PAIRS = 200
"""400 people who each wait for their ack: enough that neither server is ever short of work."""
POOL = 20
"""Node's connections, with which it did best of 10, 20 and 40."""
NODE_LOAD = 0.8
WARM_UP_SECONDS = 1.0


class PromiseBroken(RuntimeError):
    """A message was lost, doubled, out of order, or not answered; the text counts them."""


class Side:
    """One server with its people."""

    def __init__(self, name: str, server: Server, people: Pairs) -> None:
        self.name = name
        self._server = server
        self._people = people
        self._turn = 0

    async def saturated(self, seconds: float) -> Load:
        """Everybody sends again once acked."""
        self._turn += 1
        return await as_fast_as_answered(self._people, self._server, seconds=seconds, name=f"fast-{self._turn}")

    async def fixed(self, rate: float, seconds: float) -> Load:
        """So many messages a second."""
        self._turn += 1
        return await fixed_rate(self._people, self._server, rate=rate, seconds=seconds, name=f"fixed-{self._turn}")

    async def verdict(self) -> Verdict:
        """What became of every message. A peer may reorder: who emits after a commit of one's own does."""
        verdict = self._people.ledger.verdict(await self._people.heads())
        if self.name == "hub" and not verdict.kept:
            raise PromiseBroken(f"hub: {verdict}")
        return verdict


async def measure(bench: Bench, database_url: str, folder: Path) -> list[Line]:
    """Both on one database server, in turn; what one stores, the other does not see."""
    saturated: dict[str, list[Load]] = {}
    fixed: dict[str, list[Load]] = {}
    async with AsyncExitStack() as stack:
        sides = await _sides(bench, stack, database_url, folder)
        for side in sides:
            await side.saturated(WARM_UP_SECONDS)
        for turn in range(bench.turns):
            for side in sides if turn % 2 == 0 else sides[::-1]:
                bench.progress.say(f"durable: {side.name}, turn {turn + 1} of {bench.turns}, {bench.seconds:g} s")
                saturated.setdefault(side.name, []).append(await side.saturated(bench.seconds))
        if "node" in saturated:
            most = _line("", "", saturated, lambda load: load.per_second).median("node")
            for turn in range(bench.turns):
                for side in sides if turn % 2 == 0 else sides[::-1]:
                    bench.progress.say(f"durable: {side.name} at {NODE_LOAD * most:,.0f}/s, {bench.seconds:g} s")
                    fixed.setdefault(side.name, []).append(await side.fixed(NODE_LOAD * most, bench.seconds))
        verdicts = {side.name: await side.verdict() for side in sides}
    title = f"durable chat, {2 * PAIRS} senders"
    lines = [
        _line(title, "acked/s", saturated, lambda load: load.per_second, Goal(4, "node", least=True), digits=0),
        _line(title, "CPU µs/message", saturated, lambda load: load.server_cpu_us),
        _line(title, "ack p99 ms", saturated, lambda load: load.to_ack.p99),
    ]
    if fixed:
        at = f"durable chat at {NODE_LOAD:.0%} of Node's most"
        lines += [
            _line(at, "ack p99 ms", fixed, lambda load: load.to_ack.p99, Goal(1, "node")),
            _line(at, "to peer p99 ms", fixed, lambda load: load.to_peer.p99, Goal(1, "node")),
            _line(at, "CPU µs/message", fixed, lambda load: load.server_cpu_us),
        ]
    reordered = {name: [1e6 * verdict.reordered / verdict.acked] for name, verdict in verdicts.items()}
    lines.append(Line(bench="durable", title=title, unit="reordered ppm", turns=reordered, goals=[Goal(0)], digits=0))
    return lines


async def _sides(bench: Bench, stack: AsyncExitStack, database_url: str, folder: Path) -> list[Side]:
    sides = []
    if "hub" in bench.servers:
        hub = await stack.enter_async_context(running_hub(database_url, folder))
        people = await stack.enter_async_context(connected_pairs(hub.base, PAIRS, Ledger()))
        sides.append(Side("hub", hub, people))
    if "node" in bench.servers:
        url = database_url.replace("+asyncpg", "")
        options = ("--postgres", url, "--pool", str(POOL))
        node = await stack.enter_async_context(running_peer("node", node_peer("chat.js"), *options))
        people = await stack.enter_async_context(connected_pairs(node.base, PAIRS, Ledger()))
        sides.append(Side("node", node, people))
    return sides


def _line(
    title: str,
    unit: str,
    loads: dict[str, list[Load]],
    figure: Callable[[Load], Any],
    *goals: Goal,
    digits: int = 1,
) -> Line:
    turns = {name: [float(figure(load) or "nan") for load in each] for name, each in loads.items()}
    busy = sorted({name for name, each in loads.items() for load in each if load.generator_busy > BUSY})
    note = f"the load generator was the slower for {', '.join(busy)}" if busy else ""
    return Line(bench="durable", title=title, unit=unit, turns=turns, goals=list(goals), digits=digits, note=note)
