"""How much of the machine went to processes that have nothing to do with the measurement.

On a machine that others use too, figures swing by half; beside each stands who else was at work.
"""

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from loadtests.procfs import cpu_seconds

TICKS = os.sysconf("SC_CLK_TCK")
BUSY_FIELDS = (0, 1, 2, 5, 6, 7)
"""user, nice, system, irq, softirq, steal of the first line of /proc/stat (proc(5))."""


class Contention:
    """Counts from its making. All figures are None where there is no /proc."""

    def __init__(self, also: Collection[int] = ()) -> None:
        """`also`: processes that belong to the measurement, though they were not started by this one."""
        self._also = tuple(also)
        self._began = _times(self._also)

    def others(self) -> float | None:
        """The part of the machine's busy time since the beginning that went to others, from 0 to 1."""
        now = _times(self._also)
        if self._began is None or now is None:
            return None
        busy, ours = now[0] - self._began[0], now[1] - self._began[1]
        return max(0.0, 1 - ours / busy) if busy else 0.0


def _times(also: Iterable[int]) -> tuple[float, float] | None:
    """Busy seconds of the whole machine, and those of this process, all that it started, and `also`."""
    try:
        machine = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    except OSError:
        return None
    busy = sum(int(machine[field]) for field in BUSY_FIELDS) / TICKS
    return busy, _of_family(os.getpid()) + sum(cpu_seconds(pid) or 0.0 for pid in also)


def _of_family(first: int) -> float:
    used: dict[int, float] = {}
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:  # it ended meanwhile
            continue
        pid = int(stat.parent.name)
        # The command's name, field 2, may hold spaces: count from behind it. 4 is the parent, 14 to 17 are the times,
        # the last two those of children that have ended.
        fields = text.rpartition(")")[2].split()
        parents[pid] = int(fields[1])
        used[pid] = sum(map(int, fields[11:15])) / TICKS
    family = {first}
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in family} - family
        family |= more
        grown = bool(more)
    return sum(used.get(pid, 0.0) for pid in family)
