"""Figures: percentiles that are measured values, rates, and tables for the terminal."""

import math
from collections.abc import Iterable, Sequence

from msgspec import Struct


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of `ordered` do not exceed (nearest rank: no value is made up)."""
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


class Latency(Struct, frozen=True):
    """What a set of waits looked like, in milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float
    longest: float

    def __str__(self) -> str:
        return f"{self.p50:.1f} / {self.p95:.1f} / {self.p99:.1f}"


def latency(seconds: Iterable[float]) -> Latency:
    """The figures of waits given in seconds."""
    ordered = sorted(each * 1000 for each in seconds)
    return Latency(
        count=len(ordered),
        p50=percentile(ordered, 50),
        p95=percentile(ordered, 95),
        p99=percentile(ordered, 99),
        longest=ordered[-1] if ordered else math.nan,
    )


def whole(value: float | None) -> str:
    """A figure as people read it: `12,345`, or a dash where there is none."""
    return "-" if value is None or math.isnan(value) else f"{value:,.0f}"


def part(value: float | None) -> str:
    """A part of a whole: `12%`, or a dash where there is none."""
    return "-" if value is None else f"{value:.0%}"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns under headings; the first is text and stands left, the others are figures and stand right."""
    lines = [list(headings), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]

    def shown(line: list[str]) -> str:
        cells = [
            line[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
        ]
        return "  " + "   ".join(cells).rstrip()

    rule = "  " + "-" * (sum(widths) + 3 * (len(widths) - 1))
    return "\n".join([shown(lines[0]), rule, *map(shown, lines[1:])])
