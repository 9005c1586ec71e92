"""What a measurement ran on: the machine, and what its databases promise when they say "committed"."""

import os
import platform
import time
from pathlib import Path

from msgspec import Struct
from sqlalchemy import text

from loadtests.figures import percentile
from persistence.engine import Connections

PROBES = 100
SYNCHRONOUS = {"0": "OFF", "1": "NORMAL", "2": "FULL", "3": "EXTRA"}
"""https://sqlite.org/pragma.html#pragma_synchronous"""
QUESTIONS = {
    "sqlite": {
        "version": "SELECT sqlite_version()",
        "journal_mode": "PRAGMA journal_mode",
        "synchronous": "PRAGMA synchronous",
    },
    "postgresql": {
        "version": "SHOW server_version",
        "fsync": "SHOW fsync",
        "synchronous_commit": "SHOW synchronous_commit",
        "wal_sync_method": "SHOW wal_sync_method",
    },
}
WEAK = {("fsync", "off"), ("synchronous_commit", "off"), ("synchronous", "OFF"), ("synchronous", "NORMAL")}
"""Settings with which an acked message can be lost in a power failure: nothing that we would want to measure."""


class NotDurable(RuntimeError):
    """The database would acknowledge what is not on the disk."""


class Machine(Struct, frozen=True):
    """The machine. `fsync_ms` is the median of a 4 kB write with fsync where the databases lie."""

    processor: str
    cores: int
    python: str
    system: str
    load: float
    fsync_ms: float

    def __str__(self) -> str:
        return (
            f"{self.cores} cores ({self.processor}), {self.system}, Python {self.python}\n"
            f"load before the run {self.load:.2f}; one fsync of 4 kB takes {self.fsync_ms:.2f} ms here"
        )


def machine(folder: Path) -> Machine:
    """This machine, with its disk tried in `folder`."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        python=platform.python_version(),
        system=platform.platform(terse=True),
        load=os.getloadavg()[0],
        fsync_ms=_fsync_ms(folder),
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _fsync_ms(folder: Path) -> float:
    waits = []
    with (folder / "fsync.probe").open("wb", buffering=0) as file:
        for _ in range(PROBES):
            began = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            waits.append((time.perf_counter() - began) * 1000)
    return percentile(sorted(waits), 50)


async def promises(database_url: str) -> dict[str, str]:
    """Version and durability settings, asked on a connection that is made as the hub makes its own. NotDurable."""
    connections = Connections(database_url, pool_size=2)
    try:
        answers = {}
        async with connections.read() as connection:
            for name, question in QUESTIONS[connection.dialect.name].items():
                answers[name] = str((await connection.execute(text(question))).scalar_one())
    finally:
        await connections.close()
    if "journal_mode" in answers:
        answers["synchronous"] = SYNCHRONOUS[answers["synchronous"]]
    weak = sorted(f"{name}={value}" for name, value in answers.items() if (name, value) in WEAK)
    if weak:
        raise NotDurable(f"the database does not keep what it acknowledges: {', '.join(weak)}")
    return answers
