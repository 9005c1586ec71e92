"""The WebSocket driver under Engine.IO: aiohttp's, without compression and with every bad frame a clean close.

permessage-deflate is refused because it costs 90-130 kB for each browser (aiohttp accepts it by default).
"""

from typing import Any

import structlog
from aiohttp import WSMsgType
from aiohttp.web import Request, WebSocketResponse
from engineio.async_drivers.aiohttp import WebSocket

log = structlog.get_logger()

ENGINE_PACKET_TYPES = frozenset("0123456")
CLOSE_NORMAL = 1000
CLOSE_PROTOCOL_ERROR = 1002
"""RFC 6455, 7.4.1."""


class HubWebSocket(WebSocket):  # type: ignore[misc]  # engineio has no types
    """One WebSocket connection."""

    async def __call__(self, environ: dict[str, Any]) -> WebSocketResponse:
        """Serves one WebSocket request until it ends."""
        request: Request = environ["aiohttp.request"]
        self._sock = WebSocketResponse(max_msg_size=self.server.max_http_buffer_size, compress=False)
        await self._sock.prepare(request)
        self.environ = environ
        self.handler.__self__.websocket = self  # the session's socket: closing it must close this
        await self.handler(self)
        return self._sock

    async def close_with(self, reason: str) -> None:
        """Ends the connection; what was sent before goes out first. RFC 6455 allows 123 bytes of reason."""
        await self._sock.close(code=CLOSE_NORMAL, message=reason.encode()[:123])

    def abort(self) -> None:
        """Cuts the connection off."""
        transport = self.environ["aiohttp.request"].transport
        if transport is not None:
            transport.abort()

    async def wait(self) -> str | bytes:
        """The next message; OSError when there will be none, which ends the session without a traceback."""
        message = await self._sock.receive()
        if message.type is WSMsgType.TEXT:
            if message.data[:1] in ENGINE_PACKET_TYPES:
                return str(message.data)
            log.warning("gateway.bad_frame", remote=self.environ["aiohttp.request"].remote)
            await self._sock.close(code=CLOSE_PROTOCOL_ERROR, message=b"not an Engine.IO packet")
        elif message.type is WSMsgType.BINARY:
            return bytes(message.data)
        raise OSError
