"""The Engine.IO server: engineio's, with long-polling POSTs that are read whole and answered whatever they hold.

engineio reads what has arrived so far, takes 16 packets at most, answers 200 to garbage, and waits for a poll before
it answers an oversized body; each of these loses packets behind a 200 or leaves a request hanging.
"""

from base64 import b64decode

import engineio
import structlog
from aiohttp.web import HTTPRequestEntityTooLarge, Request, RequestPayloadError, Response, StreamResponse
from engineio.async_drivers.aiohttp import translate_request
from engineio.async_socket import AsyncSocket
from engineio.exceptions import EngineIOError
from engineio.packet import NOOP, Packet

log = structlog.get_logger()

RECORD_SEPARATOR = "\x1e"
"""Between the packets of a polling payload (Engine.IO protocol 4)."""


class Engine(engineio.AsyncServer):  # type: ignore[misc]  # engineio has no types
    """engineio's server with the hub's way of taking POSTs."""

    async def handle_request(self, request: Request) -> StreamResponse:
        """Answers one HTTP request below /socket.io/."""
        sid = request.query.get("sid")
        if request.method != "POST" or sid not in self.sockets or not self._origin_allowed(request):
            response: StreamResponse = await super().handle_request(request)
            return response
        accepted = await self._take(self.sockets[sid], request)
        answer = self._ok() if accepted else self._bad_request()
        made: Response = await self._make_response(answer, translate_request(request))
        return made

    def _origin_allowed(self, request: Request) -> bool:
        origin = request.headers.get("Origin")
        allowed = self._cors_allowed_origins(translate_request(request))
        return origin is None or allowed is None or origin in allowed

    async def _take(self, socket: AsyncSocket, request: Request) -> bool:
        """Hands the POST's packets to the session; False when that cannot be, which ends the session."""
        if socket.closed or not socket.connected or socket.upgraded:
            return False
        try:
            packets = await self._packets(request)
            for packet in packets:
                await socket.receive(packet)
        except (HTTPRequestEntityTooLarge, RequestPayloadError, EngineIOError, ConnectionError, ValueError) as error:
            log.warning("gateway.bad_post", reason=type(error).__name__)
            await socket.close(wait=False, reason=self.reason.TRANSPORT_ERROR)
            self._end_poll(socket)
            return False
        self._end_poll(socket)
        return True

    @staticmethod
    async def _packets(request: Request) -> list[Packet]:
        body = (await request.read()).decode()  # raises HTTPRequestEntityTooLarge, UnicodeDecodeError (a ValueError)
        encoded = body.split(RECORD_SEPARATOR)
        for each in encoded:
            if each.startswith("b"):  # a binary packet
                b64decode(each[1:], validate=True)  # engineio would read what is no base64 as nothing
        return [Packet(encoded_packet=each) for each in encoded]

    def _end_poll(self, socket: AsyncSocket) -> None:
        """Lets a poll of an ended session go at once instead of at the next ping."""
        if socket.closed:
            socket.queue.put_nowait(Packet(NOOP))
            self.sockets.pop(socket.sid, None)

    def _log_error_once(self, message: str, message_key: str) -> None:
        """Clients' mistakes are no errors of ours."""
        log.info("gateway.bad_request", kind=message_key, reason=message)
