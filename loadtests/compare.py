"""Two runs side by side: what got better, what got worse."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from loadtests.figures import table
from loadtests.outcome import PROMISES
from loadtests.words import figure

MORE_IS_BETTER = ("acked_per_second", "received_per_second")
NEITHER = ("connections_max", "generator_busy", "server_cpu_of_a_core", "rss_growth_percent")
NOISE_MS = 1.0
"""Waits that are shorter differ by the scheduler's mood; a ratio of them says nothing."""


class NotARun(Exception):
    """The file holds no run; the text says what to give."""


class Row(Struct, frozen=True):
    """One figure of both runs."""

    name: str
    before: float | None
    after: float | None

    @property
    def ratio(self) -> float | None:
        """After / before."""
        if self.before is None or self.after is None or self.before == 0:
            return None
        return self.after / self.before

    def worse_than(self, factor: float) -> bool:
        """Whether it got worse by more than this factor."""
        if self.name.startswith("promise: "):
            return (self.after or 0) > (self.before or 0)
        if self.name in NEITHER or self.before is None:
            return False
        if self.after is None:
            return True
        if self.name.endswith("ms") and max(self.before, self.after) < NOISE_MS:
            return False
        if self.name in MORE_IS_BETTER:
            return self.after * factor < self.before
        return self.after > self.before * factor


def read(path: Path) -> dict[str, Any]:
    """The contents of a run.json. Raises NotARun."""
    try:
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as error:
        raise NotARun(f"{path}: {error}; give a run.json that `run` has written") from None
    if not isinstance(found, dict) or "waits" not in found or "figures" not in found:
        raise NotARun(f"{path}: this is no run.json that `run` has written")
    return found


def compare(before: dict[str, Any], after: dict[str, Any]) -> list[Row]:
    """All figures that one of the runs has."""
    rows = []
    for name in dict.fromkeys((*before["waits"], *after["waits"])):
        for key, shown in (("p50", "p50"), ("p99", "p99"), ("p99_9", "p99.9")):
            one, two = before["waits"].get(name, {}).get(key), after["waits"].get(name, {}).get(key)
            rows.append(Row(f"{name} {shown} ms", one, two))
    rows += [
        Row(name, before["figures"].get(name), after["figures"].get(name))
        for name in dict.fromkeys((*before["figures"], *after["figures"]))
    ]
    rows += [Row(f"promise: {name}", before["verdict"].get(name), after["verdict"].get(name)) for name in PROMISES]
    return [row for row in rows if row.before is not None or row.after is not None]


def shown(rows: list[Row], factor: float | None) -> str:
    """The table; what got worse by more than the factor is marked."""
    lines = [
        (
            row.name.replace("_", " "),
            figure(row.before),
            figure(row.after),
            "-" if row.ratio is None else f"{row.ratio:.2f}",
            "WORSE" if factor is not None and row.worse_than(factor) else "",
        )
        for row in rows
    ]
    return table(("", "before", "after", "ratio", ""), lines)
