import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import text

from loadtests.cutproxy import CutProxy
from loadtests.postgres import running_postgres_server
from persistence.engine import create_engine
from tests.conftest import in_thread
from tests.databases import PostgresDatabases
from tests.loadtests.running import SCENARIO, tool
from tests.running import PATIENCE


class Echo:
    """A server that says everything back."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    @staticmethod
    async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[CutProxy]:
    async with Echo() as echo:
        proxy = CutProxy("127.0.0.1", echo.port)
        await proxy.start()
        yield proxy
        await proxy.stop()


async def said_back(proxy: CutProxy) -> bytes:
    """What comes back of a word through the proxy; nothing when it is cut."""
    async with asyncio.timeout(PATIENCE):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(b"word")
            answer = await reader.read(100)
        except ConnectionError:
            return b""
        writer.close()
        return answer


async def test_a_proxy_passes_on_until_it_is_cut_and_again_when_it_is_mended(proxy: CutProxy) -> None:
    assert await said_back(proxy) == b"word"
    proxy.cut()
    assert await said_back(proxy) == b""
    proxy.mend()
    assert await said_back(proxy) == b"word"


async def test_a_cut_breaks_connections_that_are_open(proxy: CutProxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(b"word")
    async with asyncio.timeout(PATIENCE):
        assert await reader.read(100) == b"word"
        proxy.cut()
        try:
            left = await reader.read(100)
        except ConnectionError:
            left = b""
        assert left == b""
    writer.close()


async def test_a_proxy_to_nobody_ends_its_connections() -> None:
    proxy = CutProxy("127.0.0.1", 9)
    await proxy.start()
    assert await said_back(proxy) == b""
    await proxy.stop()


def test_a_postgres_that_crashed_comes_back_with_what_was_committed() -> None:
    with running_postgres_server() as server:
        port, url = server.port, in_thread(PostgresDatabases(server.url).fresh)
        server.stop(crash=True)
        server.start()
        assert server.port == port
        assert in_thread(lambda: asyncio.run(tables_of(url))) > 3


async def tables_of(url: str) -> int:
    engine = create_engine(url)
    try:
        async with engine.connect() as connection:
            found = await connection.execute(text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
            return int(found.scalar_one())
    finally:
        await engine.dispose()


CLUSTER = SCENARIO.replace('target: { url: "http://127.0.0.1:9" }', "topology: { gateways: 2, redis: true }").replace(
    "duration: 2s", "duration: 9s"
)
FAULTS = """\
faults:
  - { at: 2s, do: cut_node, node: 0, for: 500ms }
  - { at: 4s, do: restart_redis, for: 300ms }
  - { at: 6s, do: pause_node, node: 1, for: 500ms }
  - { at: 8s, do: restart_postgres, for: 300ms }
"""


async def test_a_whole_cluster_is_broken_in_every_way_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    (tmp_path / "scenario.yaml").write_text(CLUSTER + FAULTS)
    done = await tool("run", str(tmp_path / "scenario.yaml"), "--output", str(tmp_path), folder=tmp_path)
    assert done.code in {0, 1}, done.out + done.err
    assert [fault["problem"] for fault in done.run["faults"]] == ["", "", "", ""]
    assert all(fault["healed"] is not None for fault in done.run["faults"])
    assert done.run["verdict"]["acked"] > 100
    assert done.run["verdict"]["acked_lost"] == 0, done.out
    assert {sample["server"] for sample in done.run["samples"]} == {"node 0", "node 1", "worker", "postgres", "redis"}
    assert "2 gateways, a worker, PostgreSQL, Redis" in done.out
