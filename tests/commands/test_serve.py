"""`hub serve`: what it says when it starts, and when it cannot; and `hub worker` beside it."""

import asyncio
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import pytest

from hub import __version__
from hub.settings import DEVELOPMENT_SECRET
from tests.commands.conftest import Run
from tests.processes import environment, hub_process


async def test_the_first_line_says_where_it_listens_and_it_is_ready(sqlite_url: str) -> None:
    async with hub_process(sqlite_url) as hub, aiohttp.ClientSession() as session:
        for path in ("/healthz", "/readyz", "/metrics", "/api/openapi.json", "/api/asyncapi.json"):
            async with session.get(f"{hub.base}{path}") as response:
                assert response.status == 200, path


async def test_a_busy_port_is_said_with_what_to_do(run_hub: Run, sqlite_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        done = await run_hub("serve", "--port", port, HUB_DATABASE_URL=sqlite_url)

    assert done.code == 1
    assert f"127.0.0.1:{port}" in done.err
    assert "--port" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "variables",
    [{"HUB_JWT_SECRET": DEVELOPMENT_SECRET}, {"HUB_RATE_LIMITS": "off"}],
    ids=["development secret", "no rate limits"],
)
async def test_production_refuses_what_is_for_development(run_hub: Run, variables: dict[str, str]) -> None:
    done = await run_hub("serve", "--port", "0", HUB_ENV="production", **variables)

    assert done.code == 2
    assert next(iter(variables)) in done.err


async def test_sqlite_is_migrated_when_it_starts(tmp_path: Path) -> None:
    async with (
        hub_process(f"sqlite+aiosqlite:///{tmp_path / 'new.db'}") as hub,
        aiohttp.ClientSession() as session,
        session.get(f"{hub.base}/readyz") as response,
    ):
        assert response.status == 200


async def test_the_worker_runs_alone_and_stops_on_sigterm(database_url: str) -> None:
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hub", "worker"),
        env=environment(database_url, HUB_LOG_LEVEL="info"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert worker.stdout is not None
    async with asyncio.timeout(20):
        while b"worker.started" not in await worker.stdout.readline():
            pass
        worker.send_signal(signal.SIGTERM)
        rest = await worker.stdout.read()
        assert await worker.wait() == 0
    assert b"worker.stopped" in rest


async def test_it_says_its_version(run_hub: Run) -> None:
    assert (await run_hub("version")).out.strip() == __version__
