"""The peers as real processes: installed on first use, started, found by the line that they print, read, and ended."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from loadtests.configuration import SECRET
from loadtests.procfs import cpu_seconds, rss_bytes

START_SECONDS = 20.0
INSTALL_SECONDS = 300
END_SECONDS = 10.0
LISTENS = re.compile(rb"listens on (http://[\d.]+:(\d+))")
NODE_FOLDER = Path(__file__).parent / "node"
OLDEST_NODE = 20
ROOT = Path(__file__).parents[2]


class PeerFailed(RuntimeError):
    """A peer cannot be had; the text says why and what to do."""


class Peer:
    """A running server."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, base: str, port: int) -> None:
        self.name = name
        self.base = base
        """`http://host:port`."""
        self.host, self.port = "127.0.0.1", port
        self.pid = process.pid

    def cpu_seconds(self) -> float:
        """Seconds of processor time used so far. Raises PeerFailed when it has ended."""
        used = cpu_seconds(self.pid)
        if used is None:
            raise PeerFailed(f"{self.name} has ended, or there is no /proc here")
        return used

    def rss(self) -> int:
        """Bytes in RAM. Raises PeerFailed when it has ended."""
        used = rss_bytes(self.pid)
        if used is None:
            raise PeerFailed(f"{self.name} has ended, or there is no /proc here")
        return used


def node_peer(script: str = "socketio.js", *, path: str | None = None) -> list[str]:
    """The command of a Node peer, whose packages are installed when they are not there. Raises PeerFailed.

    Node.js is looked for in `path`, or where programs are.
    """
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None or npm is None:
        raise PeerFailed(f"there is no Node.js here: install Node.js {OLDEST_NODE} or newer, with npm")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < OLDEST_NODE:
        raise PeerFailed(f"Node.js {version} is too old: install {OLDEST_NODE} or newer")
    if not _installed():
        print("installing the packages of the Node peers", file=sys.stderr, flush=True)
        done = subprocess.run(
            [npm, "ci", "--loglevel=error"],
            cwd=NODE_FOLDER,
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALL_SECONDS,
        )
        if done.returncode:
            raise PeerFailed(f"`npm ci` in {NODE_FOLDER.relative_to(ROOT)} failed: {done.stderr.strip()[-500:]}")
    return [node, "--expose-gc", str(NODE_FOLDER / script)]


def _installed() -> bool:
    """Whether the installed packages are those of the lock."""
    # npm writes this file when it has installed everything.
    made = NODE_FOLDER / "node_modules" / ".package-lock.json"
    return made.exists() and made.stat().st_mtime >= (NODE_FOLDER / "package-lock.json").stat().st_mtime


def python_peer(module: str) -> list[str]:
    """The command of a Python peer: `stock` or `hub_events`."""
    return [sys.executable, "-m", f"loadtests.peers.{module}"]


@asynccontextmanager
async def running_peer(name: str, command: Sequence[str], *arguments: str) -> AsyncIterator[Peer]:
    """Starts a server on a free port and ends it with the block. Raises PeerFailed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        *arguments,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NODE_ENV": "production", "PEER_SECRET": SECRET},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    complaints: deque[bytes] = deque(maxlen=20)
    reading = asyncio.create_task(_keep_reading(process.stderr, complaints))
    try:
        found = await _address(process)
        if found is None:
            said = b"".join(complaints).decode(errors="replace").strip()
            raise PeerFailed(f"{name} did not listen within {START_SECONDS:.0f} s: {said}")
        yield Peer(name, process, *found)
    finally:
        await _end(process)
        await reading


async def _keep_reading(stream: asyncio.StreamReader | None, last: deque[bytes]) -> None:
    assert stream is not None  # noqa: S101  (it was asked for)
    async for line in stream:
        last.append(line)


async def _address(process: asyncio.subprocess.Process) -> tuple[str, int] | None:
    assert process.stdout is not None  # noqa: S101  (it was asked for)
    try:
        async with asyncio.timeout(START_SECONDS):
            async for line in process.stdout:
                found = LISTENS.search(line)
                if found:
                    return found[1].decode(), int(found[2])
    except TimeoutError:
        pass
    return None


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(END_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
