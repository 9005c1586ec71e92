"""The two servers in this process, and clients of them. Nothing that a client sends may log an error or a traceback."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop

from hub.gateway.socketserver import SocketServer
from tests.logs import quiet_logs
from tests.protocol import engineio_server, socketio_server
from tests.protocol.client import Client
from tests.protocol.service import Service
from tests.protocol.serving import OPTIONS, running

__all__ = ["quiet_logs"]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop of `hub serve`, whose transports are its own; the other tests of the gateway run on asyncio's."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def engine() -> AsyncIterator[Client]:
    """Engine.IO: echoes every message."""
    async with running(engineio_server.make_app()) as address, Client(address, "/engine.io/") as client:
        yield client


@pytest.fixture
async def socketio() -> AsyncIterator[Client]:
    """Socket.IO: answers `message` and `message-with-ack`."""
    async with running(socketio_server.make_app()) as address, Client(address, "/socket.io/") as client:
        yield client


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """A server without handlers, for stock clients."""
    server = SocketServer(namespaces=["/"], **{**OPTIONS, "ping_interval": 20, "ping_timeout": 20})
    async with running(socketio_server.make_app(server)) as address:
        made = Service(server, address)
        yield made
        for friend in made.friends:
            await friend.client.disconnect()
