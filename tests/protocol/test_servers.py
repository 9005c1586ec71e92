"""The servers for the official suites, started as their users start them."""

import asyncio
import re
import signal
import sys

import aiohttp
import pytest

from tests.running import PATIENCE

SERVERS = {"engineio_server": "/engine.io/", "socketio_server": "/socket.io/"}


@pytest.mark.parametrize("name", SERVERS)
async def test_the_server_listens_says_where_and_stops(name: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"tests.protocol.{name}", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(2 * PATIENCE):
            said = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", (await process.stdout.readline()).decode())
        assert said is not None
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{said[1]}{SERVERS[name]}?EIO=4&transport=polling") as response,
        ):
            assert (await response.text()).startswith('0{"sid":')
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
