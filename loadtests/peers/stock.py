"""`python -m loadtests.peers.stock`: python-socketio as it comes, on aiohttp and uvloop."""

import argparse
from collections.abc import Callable
from typing import Any

import socketio

from loadtests.peers.events import main


def make(_options: argparse.Namespace) -> tuple[Any, Callable[[], tuple[int, int]]]:
    """The server, and the counts of its rooms and sockets."""
    server = socketio.AsyncServer(async_mode="aiohttp")
    return server, lambda: (len(server.manager.rooms.get("/", {})), len(server.eio.sockets))


if __name__ == "__main__":
    main(make)
