"""A hub as a real process: started, found by the line that it prints, read for its CPU time, and ended."""

import asyncio
import os
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import hub
from loadtests.configuration import DRAIN_SECONDS, environment
from loadtests.procfs import cpu_seconds

START_SECONDS = 30.0
COMPLAINT = re.compile(r"\[(?:warning|error|critical)\s*\]\s+(\S+)")
LISTENS = re.compile(r"listens on (http://\S+)")


class HubFailed(RuntimeError):
    """The hub did not start; the text is what it said."""


class HubProcess:
    """A running `hub serve`."""

    def __init__(self, process: asyncio.subprocess.Process, base: str, said: Path) -> None:
        self._process = process
        self._said = said
        self.base = base
        """`http://host:port`."""

    def cpu_seconds(self) -> float | None:
        """User and system time that the process has used; None where there is no /proc."""
        return cpu_seconds(self._process.pid)

    def complaints(self) -> dict[str, int]:
        """What the hub has logged as warnings and errors so far: event -> how often."""
        return dict(Counter(COMPLAINT.findall(self._said.read_text(errors="replace"))))


@asynccontextmanager
async def running_hub(
    database_url: str, folder: Path, *, worker: bool = True, settings: Mapping[str, str] | None = None
) -> AsyncIterator[HubProcess]:
    """Starts a hub, by default with its worker, on a migrated database; ends it with the block.

    `settings` are further `HUB_*` variables.
    """
    said = folder / "hub.log"
    with said.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub", "serve", "--host", "127.0.0.1", "--port", "0"),
            "--with-worker" if worker else "--no-worker",
            cwd=folder,  # a .env file of whoever measures is not read
            env={**_environment(database_url), **(settings or {})},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    try:
        yield HubProcess(process, await _address(process, said), said)
    finally:
        await end(process)


def _environment(database_url: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    # The same sources as this process runs, also where they are not installed.
    return {**inherited, "PYTHONPATH": str(Path(hub.__file__).parent.parent), **environment(database_url)}


async def _address(process: asyncio.subprocess.Process, said: Path) -> str:
    assert process.stdout is not None  # noqa: S101  (it was asked for)
    try:
        async with asyncio.timeout(START_SECONDS):
            async for line in process.stdout:
                found = LISTENS.search(line.decode(errors="replace"))
                if found:
                    return found.group(1)
    except TimeoutError:
        raise HubFailed(f"the hub did not listen within {START_SECONDS:.0f} s: {_tail(said)}") from None
    raise HubFailed(f"the hub ended: {_tail(said)}")


def _tail(said: Path) -> str:
    return said.read_text(errors="replace")[-2000:]


async def end(process: asyncio.subprocess.Process) -> None:
    """By SIGTERM, and by force when that does not help."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(DRAIN_SECONDS + 5):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
