"""Runs the servers of this folder: for a suite from outside, or inside a test."""

import argparse
import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from hub.gateway.malformed import quieten

PING_SECONDS = 0.3
PONG_SECONDS = 0.2
MAX_PAYLOAD = 1_000_000
CONNECT_SECONDS = 1
"""What the official suites expect of the server that they test."""
OPTIONS: dict[str, Any] = {
    "async_mode": "aiohttp",
    "ping_interval": PING_SECONDS,
    "ping_timeout": PONG_SECONDS,
    "max_http_buffer_size": MAX_PAYLOAD,
    "cors_allowed_origins": "*",
}
"""Of both servers."""


@asynccontextmanager
async def running(
    app: web.Application, port: int = 0, *, runner: web.AppRunner | None = None
) -> AsyncIterator[tuple[str, int]]:
    """Serves on the loopback interface; gives the address."""
    quieten()
    runner = runner or web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        host, chosen = runner.addresses[0][:2]
        await _listen_on_ipv6(runner, chosen)
        yield host, chosen
    finally:
        await asyncio.sleep(
            0.01
        )  # what was accepted a moment ago is closed only once the loop has made it a connection
        await runner.cleanup()


async def _listen_on_ipv6(runner: web.AppRunner, port: int) -> None:
    """`localhost`, which the official suites ask for, is ::1 for some clients and on some machines."""
    try:
        await web.TCPSite(runner, "::1", port).start()
    except OSError:
        return  # no IPv6 here, or somebody else's port there


def main(make_app: Callable[[], web.Application]) -> None:
    """Serves on the port of the command line until it is told to stop."""
    parser = argparse.ArgumentParser(description="A server for the official protocol suites, on the loopback interface")
    parser.add_argument("--port", type=int, default=3000)
    asyncio.run(_serve(make_app, parser.parse_args().port))


async def _serve(make_app: Callable[[], web.Application], port: int) -> None:
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    async with running(make_app(), port) as (host, chosen):
        print(f"listening on http://{host}:{chosen}", flush=True)  # noqa: T201  (whoever started it waits for this)
        await stopping.wait()
