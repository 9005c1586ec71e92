"""A hub as a process of its own, to be killed."""

import asyncio
import os
import re
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hub.gateway.auth import Authenticator
from tests.conftest import SECRET, make_settings
from tests.running import PATIENCE

START_SECONDS = 30.0
ROOT = Path(__file__).parents[1]
ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)")


def environment(database_url: str, **changes: str) -> dict[str, str]:
    """What a process of the hub is started with; nothing of ours leaks into it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    given = {
        "HUB_DATABASE_URL": database_url,
        "HUB_JWT_SECRET": SECRET,
        "HUB_RATE_LIMITS": "off",
        "HUB_LOG_LEVEL": "warning",
        "HUB_DRAIN_SECONDS": "4",
        **changes,
    }
    return {**kept, **given}


SERVE = ("serve", "--with-worker")


class HubProcess:
    """`hub serve` with its worker, or another command that serves; started again, it listens on the same port."""

    def __init__(self, database_url: str, command: tuple[str, ...] = SERVE, **variables: str) -> None:
        self.database_url, self.command, self.variables = database_url, command, variables
        self.port = 0
        self._process: Process | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the process)
        self._authenticator = Authenticator(make_settings(database_url))

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def token(self, user_id: str, *roles: str) -> str:
        return self._authenticator.make(user_id, list(roles), seconds=600)

    async def start(self) -> None:
        command = [sys.executable, "-m", "hub", *self.command, "--port", str(self.port)]
        self._process = await asyncio.create_subprocess_exec(
            *command,
            stdout=PIPE,
            stderr=self._log,
            cwd=ROOT,
            env=environment(self.database_url, **self.variables),
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            while line := (await self._process.stdout.readline()).decode():
                if address := ADDRESS.search(line):
                    self.port = int(address[1])
                    return
        raise AssertionError(f"the hub did not start: {self.logged()}")

    def children(self) -> list[int]:
        """The process ids of what it started, such as the processes of `--workers`."""
        assert self._process is not None
        listed = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    async def kill(self) -> None:
        """As the power going out: nothing is finished, nothing is said."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def terminate(self) -> int:
        """SIGTERM; the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(START_SECONDS):
            return await self._process.wait()

    async def close(self) -> None:
        if self._process is not None and self._process.returncode is None:
            await self.kill()
        self._log.close()

    async def said(self, what: str) -> str:
        """All that it has logged, once that holds `what`."""
        async with asyncio.timeout(PATIENCE):
            while what not in (text := self.logged()):  # noqa: ASYNC110  (a file tells nobody that it grew)
                await asyncio.sleep(0.05)
        return text

    def logged(self) -> str:
        """All that it has logged."""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode()


@asynccontextmanager
async def hub_process(
    database_url: str, command: tuple[str, ...] = SERVE, **variables: str
) -> AsyncIterator[HubProcess]:
    """A running hub process that is killed at the end at the latest."""
    hub = HubProcess(database_url, command, **variables)
    try:
        await hub.start()
        yield hub
    finally:
        await hub.close()
