"""Which Redis server holds what: one server for everything, or the slots of a cluster."""

import asyncio
from collections.abc import Iterable
from itertools import count
from typing import Any

from msgspec import Struct
from redis.asyncio.connection import AbstractConnection
from redis.crc import key_slot
from redis.exceptions import RedisError

from hub.gateway.redis_address import CONNECT_SECONDS, Address, Endpoint
from hub.gateway.redis_link import RedisAway, ask, greet

SLOTS = 16_384


class Topology(Struct, frozen=True):
    """The servers, and for a cluster the owner of each slot."""

    servers: frozenset[Endpoint]
    slots: tuple[Endpoint | None, ...] | None = None
    """None: the only server holds everything."""

    def owner(self, channel: bytes) -> Endpoint | None:
        """The server for a channel or key; None when no server has its slot."""
        if self.slots is None:
            return next(iter(self.servers))
        return self.slots[key_slot(channel)]

    def channel_at(self, server: Endpoint, stem: bytes) -> bytes:
        """A channel that begins with `stem` and belongs to that server."""
        if self.slots is None:
            return stem
        return next(each for n in count() if self.owner(each := b"%b:%d" % (stem, n)) == server)


async def discover(address: Address, known: Iterable[Endpoint]) -> Topology:
    """Asks the known servers, then the seeds, for the servers in charge. Raises RedisAway when none answers."""
    problem: Exception = RedisAway("HUB_REDIS_URL names no server")
    for endpoint in dict.fromkeys((*known, *address.seeds)):
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await _ask(address, endpoint)
        except (RedisError, RedisAway, OSError, TimeoutError) as error:
            problem = error
    raise RedisAway(f"{type(problem).__name__}: {problem}") from problem


async def _ask(address: Address, endpoint: Endpoint) -> Topology:
    connection = address.connection(endpoint, "hub-topology")
    try:
        await connection.connect()  # type: ignore[no-untyped-call]
        greeting = await greet(connection)
        if greeting.mode != "cluster":
            return Topology(frozenset((endpoint,)))
        return await _slots(connection, endpoint)
    finally:
        await connection.disconnect(nowait=True)


async def _slots(connection: AbstractConnection, asked: Endpoint) -> Topology:
    slots: list[Endpoint | None] = [None] * SLOTS
    for first, last, master, *_replicas in await ask(connection, "CLUSTER", "SLOTS"):
        owner = _endpoint(master, asked)
        slots[first : last + 1] = [owner] * (last + 1 - first)
    owners = frozenset(owner for owner in slots if owner is not None)
    if not owners:
        raise RedisAway("the cluster has no slots")
    return Topology(owners, tuple(slots))


def _endpoint(node: list[Any], asked: Endpoint) -> Endpoint:
    host = node[0].decode() if node[0] else asked.host  # a node that does not know its own name
    return Endpoint(host, int(node[1]))
