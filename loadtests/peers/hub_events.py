"""`python -m loadtests.peers.hub_events`: the hub's own Socket.IO server, without a database behind it."""

import argparse
from collections.abc import Callable
from typing import Any

from hub.gateway.socketserver import SocketServer
from loadtests.peers.events import main


def make(_options: argparse.Namespace) -> tuple[Any, Callable[[], tuple[int, int]]]:
    """The server, and the counts of its rooms and sockets."""
    server = SocketServer(async_mode="aiohttp")
    return server, lambda: (len(server.fanout.rooms()), len(server.eio.sockets))


if __name__ == "__main__":
    main(make)
