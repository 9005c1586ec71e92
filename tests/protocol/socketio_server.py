"""The server of the official Socket.IO v5 suite, made of the gateway's own.

    python -m tests.protocol.socketio_server --port 3000

In the namespaces `/` and `/custom` it emits `auth` with the payload of the CONNECT, answers `message` with
`message-back` and acknowledges `message-with-ack`, both with the arguments that came. There are no other namespaces.
"""

import asyncio
from typing import Any

from aiohttp import web

from hub.gateway.socketserver import SocketServer
from tests.protocol.serving import CONNECT_SECONDS, OPTIONS, main

NAMESPACES = ["/", "/custom"]
BETWEEN_SECONDS = 0.02
"""Between the answer to a CONNECT and `auth`. The official suite hears one message each time it looks: of two that
arrive together it misses the second, so that a fast server fails it at random (as Node's does with ws from 8.16 on)."""


def make_server() -> SocketServer:
    """The server with its handlers."""
    server = SocketServer(connect_timeout=CONNECT_SECONDS, namespaces=NAMESPACES, **OPTIONS)
    for namespace in NAMESPACES:
        answer(server, namespace)
    return server


def answer(server: SocketServer, namespace: str) -> None:
    """Gives the namespace its handlers."""

    async def tell(sid: str, auth: Any) -> None:
        await asyncio.sleep(BETWEEN_SECONDS)
        await server.emit("auth", {} if auth is None else auth, to=sid, namespace=namespace)

    async def connect(sid: str, _environ: dict[str, Any], auth: Any) -> None:
        server.start_background_task(tell, sid, auth)

    async def message(sid: str, *arguments: Any) -> None:
        await server.emit("message-back", arguments, to=sid, namespace=namespace)

    async def message_with_ack(_sid: str, *arguments: Any) -> tuple[Any, ...]:
        return arguments

    server.on("connect", connect, namespace=namespace)
    server.on("message", message, namespace=namespace)
    server.on("message-with-ack", message_with_ack, namespace=namespace)


def make_app(server: SocketServer | None = None) -> web.Application:
    """The application, with the server at /socket.io/."""
    server = server or make_server()

    async def stop(_app: web.Application) -> None:
        await server.shutdown()

    app = web.Application()
    server.attach(app)
    app.on_shutdown.append(stop)
    return app


if __name__ == "__main__":
    main(make_app)
