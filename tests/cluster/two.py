"""Whole gateways on one database and one Redis, in this process; a worker beside them, and one whose link is a wire."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from hub.app import Gateway
from hub.bootstrap import bootstrap
from hub.settings import Settings
from tests.conftest import make_settings
from tests.processes import ROOT, environment
from tests.running import RunningHub


def settings_for(database_url: str, redis_url: str, **changes: Any) -> Settings:
    """Of the nodes of one hub, which shares its Redis with the hubs of other tests."""
    return make_settings(database_url, redis_url=redis_url, redis_prefix=uuid4().hex, **changes)


@asynccontextmanager
async def without_worker(settings: Settings, **replacements: Any) -> AsyncIterator[RunningHub]:
    """A gateway that leaves the durable road, and the timers, to another process."""
    wired = bootstrap(settings, **replacements)
    gateway = Gateway(wired, with_worker=False)
    await gateway.start("127.0.0.1", 0)
    hub = RunningHub(wired, gateway)
    try:
        yield hub
    finally:
        await hub.stop()


@asynccontextmanager
async def worker_process(settings: Settings) -> AsyncIterator[None]:
    """`hub worker`: a process without sockets."""
    variables = {
        "HUB_REDIS_URL": settings.redis_url,
        "HUB_REDIS_PREFIX": settings.redis_prefix,
        "HUB_LOG_LEVEL": "info",
    }
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hub", "worker"),
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=environment(settings.database_url, **variables),
        )
        try:
            yield
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(20):
                assert await process.wait() == 0
            assert b"Traceback" not in os.pread(log.fileno(), 1_000_000, 0)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
