"""The links of this node to all Redis servers: for each server one for commands and one that listens."""

import asyncio
from collections.abc import Callable
from typing import Any

from redis.exceptions import ResponseError

from hub.gateway.redis_address import Address, Endpoint
from hub.gateway.redis_link import FIRST_BACKOFF, MOST_BACKOFF, Link, RedisAway, pack
from hub.gateway.redis_listener import Hears, Listener
from hub.gateway.redis_metrics import link_up
from hub.gateway.redis_topology import Topology, discover
from hub.gateway.seldom import Seldom

LOOK_SECONDS = 5.0
"""A cluster is asked so often who owns what, even when nothing hints at a change."""
CALL_SECONDS = 2.0
START_SECONDS = 2.0
MOVED = ("MOVED", "ASK", "CLUSTERDOWN", "TRYAGAIN")


class Shard:
    """The links to one server."""

    def __init__(self, endpoint: Endpoint, address: Address, node: str, hears: Hears, topology: Topology) -> None:
        self.name = str(endpoint)
        self._hears = hears
        self.commands = Link(lambda: address.connection(endpoint, f"hub-{node}"), on_up=self._up, on_down=self._down)
        self.listener = Listener(
            self.name,
            lambda: address.connection(endpoint, f"hub-{node}-listener"),
            hears,
            by_slot=topology.slots is not None,
        )

    @property
    def up(self) -> bool:
        """Whether it can be written to and heard."""
        return self.commands.up and self.listener.up

    def start(self, echo: bytes) -> None:
        """Connects in the background."""
        self.commands.start()
        self.listener.start(echo)

    async def stop(self) -> None:
        """Disconnects."""
        await asyncio.gather(self.commands.stop(), self.listener.stop())

    def _up(self) -> None:
        link_up.labels(self.name, "commands").set(1)

    def _down(self) -> None:
        link_up.labels(self.name, "commands").set(0)
        self._hears.misplaced()


class Shards:
    """Finds the server for each channel or key, and follows a cluster when it changes."""

    def __init__(self, address: Address, node: str, prefix: str) -> None:
        self._address = address
        self._node = node
        self._stem = f"{prefix}:echo:{node}".encode()
        self._shards: dict[Endpoint, Shard] = {}
        self._topology: Topology | None = None
        self._hears: Hears | None = None
        self._on_change: Callable[[], None] = _nothing
        self._look = asyncio.Event()
        self._settled = asyncio.Event()
        self._trouble = Seldom("redis.away")
        self._problem = "not connected yet"
        self._following: asyncio.Task[None] | None = None
        self._stopping: set[asyncio.Task[None]] = set()

    def attach(self, hears: Hears, on_change: Callable[[], None]) -> None:
        """Who hears what comes in, and is told when channels have other servers than before."""
        self._hears = hears
        self._on_change = on_change

    async def start(self) -> None:
        """Connects; returns after two seconds when that is not possible now, and goes on trying."""
        if self._following is None:
            self._following = asyncio.create_task(self._follow())
            try:
                async with asyncio.timeout(START_SECONDS):
                    await self._settled.wait()
                    while not self.up:  # noqa: ASYNC110  (several links, one short wait at the start of a process)
                        await asyncio.sleep(0.01)
            except TimeoutError:
                self._trouble.say(after=START_SECONDS)

    async def stop(self) -> None:
        """Disconnects from all servers."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
            self._following = None
        shards, self._shards, self._topology = list(self._shards.values()), {}, None
        await asyncio.gather(*(each.stop() for each in shards), *self._stopping)

    @property
    def up(self) -> bool:
        """Whether every server can be written to and heard."""
        return bool(self._shards) and all(each.up for each in self._shards.values())

    @property
    def trouble(self) -> str:
        """Which servers are not there."""
        away = [shard.name for shard in self._shards.values() if not shard.up]
        return f"no link to {', '.join(away)}" if away else self._problem

    @property
    def idle(self) -> bool:
        """Whether everything that was sent is answered."""
        return all(each.commands.idle for each in self._shards.values())

    def of(self, channel: bytes) -> Shard | None:
        """The links to the server of a channel or key; None while that is not known."""
        if self._topology is None:
            return None
        owner = self._topology.owner(channel)
        return None if owner is None else self._shards.get(owner)

    def look(self) -> None:
        """Something hints at a change: ask the cluster."""
        self._look.set()

    def request(self, key: bytes, *command: str | bytes | int) -> asyncio.Future[Any]:
        """The answer to come of one command, sent to the server of `key`; RedisAway, or the error of Redis."""
        shard = self.of(key)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if shard is None or not shard.commands.send(pack(*command), self._resolve, future):
            future.set_exception(RedisAway("no link"))
        return future

    async def call(self, key: bytes, *command: str | bytes | int, seconds: float = CALL_SECONDS) -> Any:
        """The answer to one command. Raises RedisAway, or the error of Redis."""
        (answer,) = await self.answers([self.request(key, *command)], seconds)
        return answer

    async def answers(self, requests: list[asyncio.Future[Any]], seconds: float = CALL_SECONDS) -> list[Any]:
        """The answers to several requests, in their order. Raises what the first that failed raises."""
        try:
            async with asyncio.timeout(seconds):
                found = await asyncio.gather(*requests, return_exceptions=True)
        except TimeoutError:
            raise RedisAway(f"no answer for {seconds:g} s") from None
        for answer in found:
            if isinstance(answer, BaseException):
                raise answer
        return found

    def _resolve(self, future: asyncio.Future[Any], answer: object) -> None:
        if future.done():
            return
        if is_moved(answer):
            self.look()
            answer = RedisAway(str(answer))
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)

    async def _follow(self) -> None:
        backoff = FIRST_BACKOFF
        while True:
            self._look.clear()
            try:
                topology = await discover(self._address, self._shards)
            except Exception as error:  # also an answer that nobody foresaw: ask again
                self._problem = str(error)
                self._trouble.say(error=self._problem)
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, MOST_BACKOFF)
                continue
            backoff = FIRST_BACKOFF
            if topology != self._topology:
                self._apply(topology)
            self._settled.set()
            if topology.slots is None:
                return  # one server stays one server; its links come back by themselves
            await self._hint()

    async def _hint(self) -> None:
        await asyncio.sleep(LOOK_SECONDS / 50)  # many hints come at once
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._look.wait()
        except TimeoutError:
            return

    def _apply(self, topology: Topology) -> None:
        self._topology = topology
        if self._hears is None:
            raise RuntimeError("attach() comes before start()")
        for endpoint in topology.servers:
            echo = topology.channel_at(endpoint, self._stem)
            if endpoint in self._shards:
                self._shards[endpoint].listener.echo_on(echo)
            else:
                shard = Shard(endpoint, self._address, self._node, self._hears, topology)
                self._shards[endpoint] = shard
                shard.start(echo)
        gone = [endpoint for endpoint in self._shards if endpoint not in topology.servers]
        left = [self._shards.pop(endpoint) for endpoint in gone]
        self._on_change()
        for shard in left:
            task = asyncio.create_task(shard.stop())
            self._stopping.add(task)
            task.add_done_callback(self._stopping.discard)


def is_moved(error: object) -> bool:
    """Whether an error says that another server is to be asked, or that the cluster is changing."""
    return isinstance(error, ResponseError) and (
        type(error).__name__ in {"MovedError", "AskError", "ClusterDownError", "TryAgainError"}
        or str(error).startswith(MOVED)
    )


def _nothing() -> None:
    """Nobody wants to know."""
