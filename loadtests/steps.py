"""Helper processes that do as they are told, step by step: an order is a line of JSON on stdin, its answer another."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from loadtests.peers.processes import ROOT, PeerFailed
from loadtests.procfs import cpu_seconds

END_SECONDS = 10.0
LONGEST_LINE = 64 * 2**20
"""Bytes: an answer may list some ten thousand ids."""

Orders = Mapping[str, Callable[..., Awaitable[Any]]]
"""What a helper can do, by name."""


class Helper:
    """A running helper process."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, said: Path) -> None:
        self._name = name
        self._process = process
        self._said = said

    def cpu_seconds(self) -> float:
        """Seconds of processor time used so far. Raises PeerFailed when it has ended."""
        used = cpu_seconds(self._process.pid)
        if used is None:
            raise PeerFailed(f"{self._name} has ended, or there is no /proc here")
        return used

    async def do(self, what: str, seconds: float, **how: Any) -> Any:
        """The answer to an order. Raises PeerFailed, also when there is none after `seconds`."""
        pipes = self._process
        assert pipes.stdin is not None  # noqa: S101  (both were asked for)
        assert pipes.stdout is not None  # noqa: S101
        line = b""
        try:
            async with asyncio.timeout(seconds):
                pipes.stdin.write(msgspec.json.encode([what, how]) + b"\n")
                await pipes.stdin.drain()
                line = await pipes.stdout.readline()
        except (TimeoutError, ConnectionError):
            pass
        if not line:
            said = self._said.read_text(errors="replace")[-1500:]
            raise PeerFailed(f"{self._name} did not answer to {what!r}: {said}")
        return msgspec.json.decode(line)


@asynccontextmanager
async def running_helper(module: str, folder: Path, *arguments: str) -> AsyncIterator[Helper]:
    """Starts `loadtests.peers.<module>` and ends it with the block."""
    said = folder / f"{module}.log"
    with said.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"loadtests.peers.{module}", *arguments),
            cwd=folder,
            env={**_inherited(), "PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            limit=LONGEST_LINE,
        )
    try:
        yield Helper(module, process, said)
    finally:
        if process.stdin is not None:
            process.stdin.close()  # its end is the order to end
        try:
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}


async def obey(orders: Orders) -> None:
    """In the helper: carries out one order after the other, until stdin ends or SIGTERM."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    loop.add_signal_handler(signal.SIGTERM, reader.feed_eof)
    async for line in reader:
        what, how = msgspec.json.decode(line)
        answer = msgspec.json.encode(await orders[what](**how))
        sys.stdout.buffer.write(answer + b"\n")
        sys.stdout.buffer.flush()
