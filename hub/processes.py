"""`hub serve --workers N`: several gateway processes on one port, started, watched and stopped together."""

import asyncio
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path

import structlog

from hub.gateway.siblings import Siblings

log = structlog.get_logger()

START_SECONDS = 60.0
RESTART_SECONDS = 1.0
"""A process that died is started again after this."""

Say = Callable[[str, int], None]


def sibling(given: str) -> Siblings:
    """The siblings of a process that was told `folder:number`."""
    folder, _, number = given.rpartition(":")
    return Siblings(Path(folder), int(number))


def run(host: str, port: int, count: int, *, with_worker: bool, say: Say) -> int:
    """Runs `count` processes until SIGTERM or SIGINT; the exit code."""
    with (
        tempfile.TemporaryDirectory(prefix="hub-") as folder,
        socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as reserved,
    ):
        # Bound but not listening: it keeps the port for us, whichever of the processes is being restarted.
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            reserved.bind((host, port))
        except OSError as error:
            sys.stderr.write(f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port\n")
            return 1
        address, bound = reserved.getsockname()[:2]
        family = _Family(folder, address, bound, with_worker=with_worker)
        return asyncio.run(family.run(count, lambda: say(address, bound)))


class _Family:
    """The processes of one port."""

    def __init__(self, folder: str, host: str, port: int, *, with_worker: bool) -> None:
        self._folder, self._host, self._port, self._with_worker = folder, host, port, with_worker
        self._stopping = asyncio.Event()

    async def run(self, count: int, ready: Callable[[], None]) -> int:
        """Starts them, restarts who dies, and passes the signal to stop on."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._stopping.set)
        first = await asyncio.gather(*(self._start(number) for number in range(count)))
        if any(process is None for process in first):
            for process in first:
                await self._end(process)
            return 1
        ready()
        codes = await asyncio.gather(*(self._keep(number, process) for number, process in enumerate(first)))
        return max(codes)

    async def _start(self, number: int) -> Process | None:
        """A process that is ready, or None when it did not start."""
        worker = "--with-worker" if self._with_worker and number == 0 else "--no-worker"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub", "serve", "--host", self._host, "--port", str(self._port), worker),
            *("--sibling", f"{self._folder}:{number}"),
            stdout=PIPE,
            start_new_session=True,  # a Ctrl-C reaches us alone, and is passed on once
        )
        assert process.stdout is not None  # noqa: S101  (it was asked for)
        try:
            async with asyncio.timeout(START_SECONDS):
                line = await process.stdout.readline()
        except TimeoutError:
            line = b""
        if b"listens" in line:
            return process
        await self._end(process)
        return None

    async def _keep(self, number: int, process: Process | None) -> int:
        """Waits for the end, by a signal to us or by its own death; then it is started again."""
        while True:
            if process is not None:
                died = asyncio.create_task(process.wait())
                told = asyncio.create_task(self._stopping.wait())
                await asyncio.wait((died, told), return_when=asyncio.FIRST_COMPLETED)
                told.cancel()
                if self._stopping.is_set():
                    return await self._end(process)
                log.error("processes.died", number=number, code=process.returncode)
            await asyncio.sleep(RESTART_SECONDS)
            if self._stopping.is_set():
                return 0
            process = await self._start(number)

    @staticmethod
    async def _end(process: Process | None) -> int:
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        return await process.wait()
