"""Where Redis is, as HUB_REDIS_URL says it, and how a connection to it is made."""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct
from redis.asyncio.connection import AbstractConnection, Connection, UnixDomainSocketConnection, parse_url

CONNECT_SECONDS = 2.0
"""For connecting and for every answer of the handshake."""
READ_BYTES = 65_536
DEFAULT_PORT = 6379
CLUSTER = "+cluster"


class Endpoint(NamedTuple):
    """One server."""

    host: str
    """Or the path of a socket, with port 0."""
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host


class Address(Struct, frozen=True):
    """What HUB_REDIS_URL says: where to ask first, and the credentials for all servers of a cluster."""

    seeds: tuple[Endpoint, ...]
    kind: type[AbstractConnection]
    options: dict[str, Any]

    def connection(self, endpoint: Endpoint, name: str) -> AbstractConnection:
        """A connection that is not connected yet; `name` shows in CLIENT LIST. It speaks RESP3."""
        where: dict[str, Any] = {"host": endpoint.host, "port": endpoint.port}
        if self.kind is UnixDomainSocketConnection:
            where = {"path": endpoint.host}
        return self.kind(
            **where,
            **self.options,
            client_name=name,
            protocol=3,
            socket_timeout=None,  # the link watches over silence itself, without a timer for each answer
            socket_connect_timeout=CONNECT_SECONDS,
            socket_read_size=READ_BYTES,
        )


def parse(url: str) -> Address:
    """Understands `redis://`, `rediss://` (TLS), `unix://`, and `redis+cluster://host:port,host:port`.

    Raises ValueError for anything else. A single server that belongs to a cluster is found out when it is asked.
    """
    parts = urlsplit(url)
    credentials, at, hosts = parts.netloc.rpartition("@")
    scheme = parts.scheme.removesuffix(CLUSTER)
    tail = parts.path + (f"?{parts.query}" if parts.query else "")
    seeds: list[Endpoint] = []
    options: dict[str, Any] = {}
    for host in hosts.split(","):
        options = dict(parse_url(f"{scheme}://{credentials}{at}{host}{tail}"))
        if path := options.pop("path", None):
            seeds.append(Endpoint(path, 0))
        else:
            seeds.append(Endpoint(options.pop("host", "127.0.0.1"), options.pop("port", DEFAULT_PORT)))
    return Address(tuple(seeds), options.pop("connection_class", Connection), options)
