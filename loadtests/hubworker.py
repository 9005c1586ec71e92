"""A `hub worker` as a real process, read for its CPU time and its memory, and what it needs to know."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import hub
from loadtests.configuration import environment
from loadtests.hubprocess import HubFailed, end
from loadtests.procfs import cpu_seconds, rss_bytes

START_SECONDS = 30.0
STARTED = "worker.started"
QUIET_SECONDS = 0.01
"""Of CPU in a fifth of a second: what a worker with nothing to do needs for looking."""


class HubWorker:
    """A running worker."""

    def __init__(self, pid: int, said: Path) -> None:
        self._pid = pid
        self._said = said

    def cpu_seconds(self) -> float:
        """User and system time so far. Raises HubFailed when it has ended."""
        used = cpu_seconds(self._pid)
        if used is None:
            raise HubFailed(f"the worker has ended, or there is no /proc here: {self._tail()}")
        return used

    def rss(self) -> int:
        """Bytes in RAM. Raises HubFailed when it has ended."""
        used = rss_bytes(self._pid)
        if used is None:
            raise HubFailed(f"the worker has ended, or there is no /proc here: {self._tail()}")
        return used

    async def started(self) -> None:
        """Waits until it says so. Raises HubFailed."""
        deadline = time.monotonic() + START_SECONDS
        while STARTED not in self._log():
            if cpu_seconds(self._pid) is None or time.monotonic() > deadline:
                raise HubFailed(f"the worker did not start: {self._tail()}")
            await asyncio.sleep(0.05)

    async def quiet(self) -> None:
        """Waits until it has nothing to do, for ten seconds at most."""
        deadline = time.monotonic() + 10
        before = -1.0
        while time.monotonic() < deadline:
            now = self.cpu_seconds()
            if now - before < QUIET_SECONDS:
                return
            before = now
            await asyncio.sleep(0.2)

    def _tail(self) -> str:
        return self._log()[-1500:]

    def _log(self) -> str:
        return self._said.read_text(errors="replace")


def worker_environment(database_url: str, redis_url: str, provider: str, **more: str) -> dict[str, str]:
    """`HUB_*` for a hub whose e-mails and push messages go to the provider double."""
    return {
        **environment(database_url),
        "HUB_REDIS_URL": redis_url,
        "HUB_SENDGRID_API_KEY": "SG.of-a-double",
        "HUB_SENDGRID_BASE_URL": provider,
        "HUB_LOG_LEVEL": "info",  # its start is told there; what goes well is not
        **more,
    }


@asynccontextmanager
async def running_worker(
    settings: Mapping[str, str], folder: Path, *, command: Sequence[str] = ("hub", "worker")
) -> AsyncIterator[HubWorker]:
    """Starts `python -m <command>` with these settings and ends it with the block. Raises HubFailed."""
    said = folder / f"{command[0]}.worker.log"
    said.unlink(missing_ok=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    with said.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *command),
            cwd=folder,  # a .env file of whoever measures is not read
            env={**inherited, "PYTHONPATH": str(Path(hub.__file__).parent.parent), **settings},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        worker = HubWorker(process.pid, said)
        await worker.started()
        await worker.quiet()
        yield worker
    finally:
        await end(process)
