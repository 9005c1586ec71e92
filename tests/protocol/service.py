"""A server with python-socketio's public interface, and stock clients of it."""

import asyncio
from typing import Any

import socketio as stock

from hub.gateway.socketserver import SocketServer
from tests.protocol.patience import SECONDS


class Friend:
    """A stock client and what it received."""

    def __init__(self) -> None:
        self.client = stock.AsyncClient(reconnection=False)
        self.events: asyncio.Queue[tuple[str, tuple[Any, ...]]] = asyncio.Queue()
        self.client.on("*", self._on_event)

    async def _on_event(self, event: str, *arguments: Any) -> None:
        await self.events.put((event, arguments))

    async def next(self) -> tuple[str, tuple[Any, ...]]:
        async with asyncio.timeout(SECONDS):
            return await self.events.get()

    @property
    def sid(self) -> str:
        return str(self.client.get_sid())


class Service:
    """The server at an address, and friends who are connected to it."""

    def __init__(self, server: SocketServer, address: tuple[str, int]) -> None:
        self.server = server
        self.address = address
        self.base = f"http://{address[0]}:{address[1]}"
        self.friends: list[Friend] = []

    async def friend(self, *transports: str, auth: Any = None) -> Friend:
        friend = Friend()
        self.friends.append(friend)
        await friend.client.connect(self.base, auth=auth, transports=list(transports or ("websocket",)))
        return friend
