"""What the servers use while a run lasts: CPU, memory, loop lag, sessions; by /proc here, by /metrics elsewhere."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from msgspec import Struct

from loadtests import procfs

WANTED = {
    "process_cpu_seconds_total": "cpu",
    "process_resident_memory_bytes": "rss",
    "hub_loop_lag_seconds": "lag",
    "hub_sessions": "sessions",
}
LISTENING = "0A"
"""TCP_LISTEN in /proc/net/tcp (proc(5))."""
ASK_SECONDS = 2.0


class Sample(Struct):
    """One process at one time."""

    server: str
    at: float
    """Seconds since the first phase began."""
    cpu: float | None = None
    """Part of one core since the sample before."""
    cpu_seconds: float | None = None
    rss: int | None = None
    """Bytes."""
    lag_ms: float | None = None
    sessions: int | None = None


class Watched:
    """One server process."""

    def __init__(self, name: str, base: str | None = None, pid: int | None = None, *, family: bool = False) -> None:
        self.name = name
        self.base = base
        self.pid = pid
        """Changes when the process is started again."""
        self._family = family
        self._usage = family_usage if family else process_usage
        self._last: tuple[int | None, float, float] | None = None

    async def sample(self, http: aiohttp.ClientSession, began: float) -> Sample:
        """How it does now; fields that cannot be known are None."""
        told = await self._metrics(http)
        now = time.perf_counter()
        sample = Sample(self.name, now - began)
        sample.lag_ms = None if "lag" not in told else told["lag"] * 1000
        sample.sessions = None if "sessions" not in told else int(told["sessions"])
        used = await asyncio.to_thread(self._usage, self.pid) if self.pid is not None else None
        cpu, rss = used if used is not None else (told.get("cpu"), told.get("rss"))
        sample.cpu_seconds = cpu
        # Processes of one family share memory, which would be counted once for each.
        sample.rss = None if rss is None or self._family else int(rss)
        if cpu is not None:
            if self._last is not None and self._last[0] == self.pid and cpu >= self._last[2]:
                sample.cpu = (cpu - self._last[2]) / max(1e-6, now - self._last[1])
            self._last = (self.pid, now, cpu)
        return sample

    async def _metrics(self, http: aiohttp.ClientSession) -> dict[str, float]:
        if self.base is None:
            return {}
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            async with asyncio.timeout(ASK_SECONDS), http.get(f"{self.base}/metrics") as response:
                return read_metrics(await response.text())
        return {}


def read_metrics(text: str) -> dict[str, float]:
    """The figures of interest in a Prometheus text; several of one name (with labels) give the greatest."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, _, value = line.rpartition(" ")
        wanted = WANTED.get(name.partition("{")[0])
        if wanted is not None:
            with suppress(ValueError):
                found[wanted] = max(float(value), found.get(wanted, 0.0))
    return found


def process_usage(pid: int) -> tuple[float, float] | None:
    """CPU seconds and resident bytes of a process; None when it is gone, or where there is no /proc."""
    cpu, rss = procfs.cpu_seconds(pid), procfs.rss_bytes(pid)
    return None if cpu is None or rss is None else (cpu, float(rss))


def family_usage(pid: int) -> tuple[float, float] | None:
    """The same for a process and all that it started, as PostgreSQL does for each connection."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    family = {pid}
    while more := {each for each, parent in parents.items() if parent in family} - family:
        family |= more
    used = [usage for each in family if (usage := process_usage(each)) is not None]
    return (sum(cpu for cpu, _ in used), sum(rss for _, rss in used)) if used else None


def pid_of(base: str) -> int | None:
    """The local process that listens at this address, if it is ours to look at; None where it cannot be found."""
    port = urlsplit(base).port or 80
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    if not inodes:
        return None
    for folder in Path("/proc").glob("[0-9]*/fd"):
        with suppress(OSError):
            if any(_link(each) in inodes for each in folder.iterdir()):
                return int(folder.parent.name)
    return None


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:  # it was closed meanwhile
        return ""


def watched(bases: Sequence[str], pids: Sequence[int]) -> list[Watched]:
    """The gateways of a target: by the pids that were given, else by whoever listens there."""
    found = []
    for number, base in enumerate(bases):
        pid = pids[number] if number < len(pids) else pid_of(base)
        found.append(Watched("hub" if len(bases) == 1 else f"node {number}", base, pid))
    return found
