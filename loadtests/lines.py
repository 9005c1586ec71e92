"""Lines of a comparison: one figure of the hub beside that of its peers, the ratios, and the goals they are held to."""

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from loadtests.figures import table

Server = Literal["hub", "node", "stock"]
SERVERS: tuple[Server, ...] = ("hub", "node", "stock")
Peer = Literal["node", "stock", "procrastinate"]
NAMES = {"hub": "hub", "node": "Node", "stock": "stock Python", "procrastinate": "procrastinate"}
SHORT = {**NAMES, "stock": "stock"}


class Goal(Struct, frozen=True):
    """What the hub's figure may be: a bound on its ratio to a peer's, or on the figure itself."""

    bound: float
    against: Peer | None = None
    """The peer; None: the figure itself is bound."""
    least: bool = False
    """Whether the bound is the least, not the most."""

    def __str__(self) -> str:
        sign = "≥" if self.least else "≤"
        return f"{sign} {self.bound:g}" + (f" x {NAMES[self.against]}" if self.against else "")


class Line(Struct, frozen=True, kw_only=True):
    """One figure. `turns` holds what each server showed in each of its turns; their medians are compared."""

    bench: str
    title: str
    unit: str
    turns: dict[str, list[float]]
    goals: list[Goal] = []
    digits: int = 1
    note: str = ""

    def median(self, server: str) -> float:
        """Of the server's turns; NaN when it had none."""
        values = self.turns.get(server)
        return statistics.median(values) if values else math.nan

    def ratio(self, peer: str) -> float:
        """The hub's figure for one of the peer's; NaN when one is missing."""
        theirs = self.median(peer)
        return self.median("hub") / theirs if theirs else math.nan

    def verdict(self, goal: Goal) -> bool | None:
        """Whether the goal is met; None when it was not measured."""
        value = self.ratio(goal.against) if goal.against else self.median("hub")
        if math.isnan(value):
            return None
        return value >= goal.bound if goal.least else value <= goal.bound


def report(lines: Iterable[Line], peers: Sequence[Peer] = ("node", "stock")) -> str:
    """The lines as a table with a column for each peer, each goal with its verdict."""
    servers = ("hub", *peers)
    ratios = (f"hub/{SHORT[peer]}" for peer in peers)
    headings = ("", "unit", *(SHORT[server] for server in servers), *ratios, "goal", "")
    rows = []
    notes = []
    for line in lines:
        figures = [_figure(line.median(server), line.digits) for server in servers]
        compared = [_figure(line.ratio(peer), 3) for peer in peers]
        goals = ", ".join(str(goal) for goal in line.goals)
        rows.append((line.title, line.unit, *figures, *compared, goals, _verdict(line)))
        if line.note:
            notes.append(f"  {line.title}: {line.note}")
    return "\n".join([table(headings, rows), *notes])


def _verdict(line: Line) -> str:
    if not line.goals:
        return ""
    known = [verdict for goal in line.goals if (verdict := line.verdict(goal)) is not None]
    if not known:
        return "not measured"
    return "met" if all(known) else "MISSED"


def _figure(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:,.{digits}f}"


def missed(lines: Sequence[Line]) -> list[str]:
    """The titles of the lines of which a goal is missed."""
    return [line.title for line in lines if any(line.verdict(goal) is False for goal in line.goals)]
