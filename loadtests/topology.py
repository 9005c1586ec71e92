"""A cluster of its own for a run: PostgreSQL, Redis, gateways and a worker as real processes, without Docker.

Every process is known by its pid and ended at the end, whatever happened. Gateways keep their ports when they are
started again, so clients find them. Each gateway reaches Redis through a proxy of its own, which can be cut.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import aiohttp

import hub
from loadtests.configuration import SECRET, environment
from loadtests.cutproxy import CutProxy
from loadtests.databases import databases, fresh_postgres
from loadtests.postgres import PostgresFailed, PostgresServer, running_postgres_server
from loadtests.redis import RedisFailed, RedisServer, free_port, running_redis
from loadtests.scenario import Topology
from loadtests.servers import Watched

Entered = TypeVar("Entered")
START_SECONDS = 30.0
ENDING_SECONDS = 10.0


class TopologyFailed(RuntimeError):
    """A part of the cluster did not start; the text says which, and what it said."""


class HubNode:
    """A process of the hub: a gateway, or the worker."""

    def __init__(self, name: str, arguments: list[str], variables: dict[str, str], log: Path, base: str | None) -> None:
        self.name = name
        self.base = base
        """`http://host:port` of a gateway."""
        self._arguments = arguments
        self._variables = variables
        self._log = log
        self._process: Process | None = None
        self.watched = Watched(name, base)

    async def start(self) -> None:
        """Starts it; a gateway is ready afterwards. Raises TopologyFailed."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "hub", *self._arguments),
                cwd=self._log.parent,  # a .env file of whoever measures is not read
                env=self._environment(),
                stdin=DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we end it in order
            )
        self.watched.pid = self._process.pid
        if self.base is not None:
            await self._ready(self.base)

    def _environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
        # The same sources as this process runs, also where they are not installed.
        return {**inherited, "PYTHONPATH": str(Path(hub.__file__).parent.parent), **self._variables}

    async def _ready(self, base: str) -> None:
        assert self._process is not None  # noqa: S101  (it was started)
        async with aiohttp.ClientSession() as http:
            for _ in range(int(START_SECONDS / 0.1)):
                if self._process.returncode is not None:
                    raise TopologyFailed(f"{self.name} ended: {self._said()}")
                with suppress(aiohttp.ClientError, OSError, TimeoutError):
                    async with asyncio.timeout(2), http.get(f"{base}/readyz") as response:
                        if response.status == 200:
                            return
                await asyncio.sleep(0.1)
        raise TopologyFailed(f"{self.name} was not ready within {START_SECONDS:.0f} s: {self._said()}")

    def _said(self) -> str:
        return self._log.read_text(errors="replace")[-1500:]

    async def kill(self) -> None:
        """As the power going out."""
        await self._signal(signal.SIGKILL)

    async def terminate(self) -> None:
        """Asks it to stop, and waits until it has."""
        await self._signal(signal.SIGTERM)

    def pause(self) -> None:
        """Holds it still."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGCONT)

    async def _signal(self, number: signal.Signals) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(number)
        try:
            async with asyncio.timeout(ENDING_SECONDS):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def close(self) -> None:
        """Ends it, also when it is held still."""
        self.resume()
        await self.terminate()


class Cluster:
    """The running processes."""

    def __init__(self) -> None:
        self.nodes: list[HubNode] = []
        self.worker: HubNode | None = None
        self.postgres: PostgresServer | None = None
        self.redis: RedisServer | None = None
        self.cuts: list[CutProxy] = []
        self.secret = SECRET
        self._postgres_watched = Watched("postgres", family=True)
        self._redis_watched = Watched("redis")

    @property
    def bases(self) -> list[str]:
        """Addresses of the gateways."""
        return [node.base for node in self.nodes if node.base is not None]

    @property
    def started(self) -> list[str]:
        """What runs, in words."""
        parts = [f"{len(self.nodes)} gateway{'s' if len(self.nodes) > 1 else ''}"]
        parts += ["a worker"] if self.worker else []
        parts += ["PostgreSQL"] if self.postgres else ["SQLite"]
        return parts + (["Redis"] if self.redis else [])

    def watched(self) -> list[Watched]:
        """What is to be measured."""
        found = [node.watched for node in self.nodes]
        if self.worker is not None:
            found.append(self.worker.watched)
        if self.postgres is not None:
            self._postgres_watched.pid = self.postgres.pid
            found.append(self._postgres_watched)
        if self.redis is not None:
            self._redis_watched.pid = self.redis.pid
            found.append(self._redis_watched)
        return found

    async def restart_redis(self, seconds: float) -> None:
        """Kills Redis; after a while it comes back empty, on the same port."""
        if self.redis is None:
            raise TopologyFailed("there is no Redis")
        await asyncio.to_thread(self.redis.stop)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self.redis.start)
        self._redis_watched.pid = self.redis.pid

    async def restart_postgres(self, seconds: float) -> None:
        """Crashes PostgreSQL; after a while it recovers what was committed, on the same port."""
        postgres = self.postgres
        if postgres is None:
            raise TopologyFailed("there is no PostgreSQL")
        await asyncio.to_thread(lambda: postgres.stop(crash=True))
        await asyncio.sleep(seconds)
        await asyncio.to_thread(postgres.start)
        self._postgres_watched.pid = postgres.pid


@asynccontextmanager
async def running_cluster(topology: Topology, folder: Path) -> AsyncIterator[Cluster]:
    """Starts what the topology names; everything ends with the block. Logs go to the folder, an absolute path.

    Raises TopologyFailed.
    """
    cluster = Cluster()
    async with AsyncExitStack() as stack:
        try:
            url = await _database(cluster, topology, folder, stack)
            if topology.redis:
                cluster.redis = await _entered(stack, running_redis())
        except (PostgresFailed, RedisFailed) as error:
            raise TopologyFailed(str(error)) from None
        for number in range(topology.gateways):
            cluster.nodes.append(await _gateway(cluster, topology, number, url, folder, stack))
        if topology.worker:
            variables = _variables(url, f"redis://127.0.0.1:{cluster.redis.port}" if cluster.redis else "")
            cluster.worker = HubNode("worker", ["worker"], variables, folder / "worker.log", None)
            stack.push_async_callback(cluster.worker.close)
            await cluster.worker.start()
        yield cluster


async def _gateway(
    cluster: Cluster, topology: Topology, number: int, url: str, folder: Path, stack: AsyncExitStack
) -> HubNode:
    redis_url = ""
    if cluster.redis is not None:
        proxy = CutProxy("127.0.0.1", cluster.redis.port)
        await proxy.start()
        stack.push_async_callback(proxy.stop)
        cluster.cuts.append(proxy)
        redis_url = f"redis://127.0.0.1:{proxy.port}"
    port = free_port()
    hosts_worker = not topology.worker and number == 0
    arguments = ["serve", "--host", "127.0.0.1", "--port", str(port)]
    arguments.append("--with-worker" if hosts_worker else "--no-worker")
    name = "hub" if topology.gateways == 1 else f"node {number}"
    log = folder / f"{name.replace(' ', '-')}.log"
    node = HubNode(name, arguments, _variables(url, redis_url), log, f"http://127.0.0.1:{port}")
    stack.push_async_callback(node.close)
    await node.start()
    return node


async def _database(cluster: Cluster, topology: Topology, folder: Path, stack: AsyncExitStack) -> str:
    if topology.database == "sqlite":
        makers = await _entered(stack, databases(["sqlite"], folder))
        return await asyncio.to_thread(makers["sqlite"])
    cluster.postgres = await _entered(stack, running_postgres_server())
    return await asyncio.to_thread(fresh_postgres, cluster.postgres.url)


def _variables(database_url: str, redis_url: str) -> dict[str, str]:
    return {**environment(database_url), **({"HUB_REDIS_URL": redis_url} if redis_url else {})}


async def _entered(stack: AsyncExitStack, manager: AbstractContextManager[Entered]) -> Entered:
    """Enters what blocks, in a thread; it is left with the stack, also when we are ended while it still starts."""
    entering = asyncio.create_task(asyncio.to_thread(manager.__enter__))
    try:
        entered = await asyncio.shield(entering)
    except asyncio.CancelledError:
        with suppress(Exception):
            await entering
            await asyncio.to_thread(manager.__exit__, None, None, None)
        raise
    stack.push_async_callback(asyncio.to_thread, manager.__exit__, None, None, None)
    return entered
