"""The Engine.IO server (protocol 4): sessions over long-polling and WebSocket, with engineio's public interface."""

from __future__ import annotations

import asyncio
import inspect
import socket
from base64 import b64decode
from binascii import Error as NotBase64
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import engineio
import msgspec
import structlog
from aiohttp.web import Application, HTTPRequestEntityTooLarge, Request, RequestPayloadError, Response, StreamResponse
from engineio.async_drivers.aiohttp import translate_request

from hub.gateway import frames
from hub.gateway.connection import Connection
from hub.gateway.eager import EagerRunner, Work
from hub.gateway.heartbeat import Heartbeat
from hub.gateway.outbox import MOST_BYTES, Flusher
from hub.gateway.siblings import Letter, Siblings
from hub.gateway.transport import WebSocket, acceptance, handshake_error, take_over
from hub.gateway.upgrade import Upgrade

log = structlog.get_logger()

PACKET_KINDS = frozenset("0123456b")
UPGRADE_SECONDS = 10.0
"""An upgrade that has not come about by then is given up."""
SEE_OFF_SECONDS = 0.005
"""For so long at a time ended sessions are seen off."""
COMPRESS_FROM = 1024
"""Bytes from which a polling answer is compressed for those who take it."""
CODES = {
    "Transport unknown": 0,
    "Session ID unknown": 1,
    "Bad handshake method": 2,
    "Bad request": 3,
    "Forbidden": 4,
    "Unsupported protocol version": 5,
}
"""What Engine.IO clients know refusals as."""


class Engine(engineio.AsyncServer):  # type: ignore[misc]  # engineio has no types
    """engineio's server with connections of our own below it.

    What a Socket.IO server needs is called directly (`accept`, `handle`, `urgent`, `lost`, `overflowed`); handlers that
    were registered by `on` are called too, as engineio does.
    """

    def __init__(self, *, most_waiting: int = MOST_BYTES, **options: Any) -> None:
        options.setdefault("async_mode", "aiohttp")
        super().__init__(**{**options, "monitor_clients": False})
        self.sockets: dict[str, Connection] = {}
        self.flusher = Flusher(most_bytes=most_waiting)
        self.heartbeat = Heartbeat(self.ping_interval, self.ping_timeout)
        self._tasks: set[asyncio.Task[None]] = set()
        self.runner = EagerRunner()
        self._departed: deque[tuple[Connection, str]] = deque()
        self.siblings: Siblings | None = None
        self.accept: Callable[[Connection], None] = _nothing
        self.handle: Callable[[Connection, str | bytes], Work | None] = self._to_handler
        """What is to be done about a message, which must not raise; None when it is done."""
        self.urgent: Callable[[Connection, str | bytes], bool] = _not_urgent
        """Takes a message that must not wait behind the others, or says that it is none."""
        self.lost: Callable[[Connection, str], None] = _nothing
        self.overflowed: Callable[[Connection], None] = self._drop_slow

    # --- engineio's interface -----------------------------------------------------------------------------------------

    def attach(self, app: Application, engineio_path: str = "engine.io") -> None:
        """Serves it below a path of an aiohttp application."""
        path = f"/{engineio_path.strip('/')}/"
        app.router.add_route("*", path, self.handle_request)

    async def send(self, sid: str, data: Any) -> None:
        """Sends a message to a session."""
        connection = self.sockets.get(sid)
        if connection is not None:
            if isinstance(data, dict | list):
                data = msgspec.json.encode(data).decode()
            connection.send_frame(frames.message(data))

    async def disconnect(self, sid: str | None = None) -> None:
        """Ends a session, or all of them."""
        for connection in [self.sockets.get(sid)] if sid is not None else list(self.sockets.values()):
            if connection is not None:
                connection.finish(1000, "")

    async def shutdown(self) -> None:
        """Ends everything."""
        self.heartbeat.stop()
        for connection in list(self.sockets.values()):
            connection.end(self.reason.SERVER_DISCONNECT)
        ending = [*self.runner.stop(), *self._tasks]
        for task in ending:
            task.cancel()
        # A query that is cancelled must have put its connection away before the database is closed below it.
        await asyncio.gather(*ending, return_exceptions=True)

    def join_siblings(self, siblings: Siblings) -> None:
        """Shares its port with other processes."""
        self.siblings = siblings
        siblings.adopt = self._adopt

    def generate_id(self) -> str:
        """A session's id, which says whose it is when there are siblings."""
        sid: str = super().generate_id()
        return sid if self.siblings is None else self.siblings.mark(sid)

    # --- for connections --------------------------------------------------------------------------------------------

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs something to its end."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def ended(self, connection: Connection, reason: str) -> None:
        """A session is over, and all that its client had sent was handled; the rest follows in small portions."""
        if not self._departed:
            asyncio.get_running_loop().call_soon(self._see_off)
        self._departed.append((connection, reason))

    def _see_off(self) -> None:
        """Thousands that drop together must not keep the loop from its turn."""
        loop = asyncio.get_running_loop()
        until = loop.time() + SEE_OFF_SECONDS
        while self._departed and loop.time() < until:
            connection, reason = self._departed.popleft()
            self.sockets.pop(connection.sid, None)
            self.lost(connection, reason)
            self._tell("disconnect", connection.sid, reason)
        if self._departed:
            loop.call_soon(self._see_off)

    def log_bad(self, reason: str, remote: str) -> None:
        """Clients' mistakes are no errors of ours."""
        log.info("gateway.bad_frame", reason=reason, remote=remote)

    def _drop_slow(self, connection: Connection) -> None:
        connection.end(self.reason.TRANSPORT_ERROR)

    async def _to_handler(self, connection: Connection, message: str | bytes) -> None:
        handler = self.handlers.get("message")
        if handler is not None:
            try:
                answer = handler(connection.sid, message)
                if inspect.isawaitable(answer):
                    await answer
            except Exception:  # a handler's mistake ends neither the session nor the process
                log.exception("engine.handler_failed")

    def _tell(self, event: str, *arguments: Any) -> None:
        handler = self.handlers.get(event)
        if handler is not None:
            answer = handler(*arguments)
            if inspect.isawaitable(answer):
                self.start(_finish(answer))

    # --- HTTP ---------------------------------------------------------------------------------------------------------

    async def handle_request(self, request: Request) -> StreamResponse:
        """Answers one request below the path."""
        environ = self._light_environ(request)
        headers = dict(self._cors_headers(environ))
        if request.method == "OPTIONS":
            return Response(status=200, headers=headers)
        query = request.query
        sid = query.get("sid", "")
        connection = self.sockets.get(sid)
        if connection is None and sid and self.siblings is not None:
            passed_on = await self._pass_on(request, sid, self.siblings)
            if passed_on is not None:
                return passed_on
        problem = self._problem(environ, query, connection)
        if problem is not None:
            return self._refused(problem, headers, 403 if problem == "Forbidden" else 400)
        if connection is None:
            return await self._begin(request, query["transport"], headers)
        if query["transport"] == "websocket":
            return self._upgrade(request, connection, headers)
        if request.method == "GET":
            return await self._poll(request, connection, headers)
        return await self._post(request, connection, headers)

    async def _pass_on(self, request: Request, sid: str, siblings: Siblings) -> StreamResponse | None:
        """The answer of the process whose session it is; None when it is no other's."""
        number = siblings.owner(sid)
        if number is None:
            return None
        if request.query.get("transport") == "websocket" and handshake_error(request) is None:
            return siblings.hand_over(request, sid, number)
        return await siblings.forward(request, number)

    async def _adopt(self, letter: Letter, arrived: socket.socket) -> None:
        """A WebSocket for a session of ours that reached a sibling."""
        connection = self.sockets.get(letter.sid)
        if connection is None or connection.closed:
            arrived.close()
            return
        upgrade = Upgrade(connection)
        websocket = upgrade.websocket = WebSocket(upgrade, self.max_http_buffer_size)
        arrived.setblocking(False)
        transport, _ = await asyncio.get_running_loop().connect_accepted_socket(lambda: websocket, arrived)
        transport.write(acceptance(letter.key))
        self._begin_upgrade(connection, upgrade, websocket)
        if letter.tail:
            websocket.data_received(letter.tail)

    def _begin_upgrade(self, connection: Connection, upgrade: Upgrade, websocket: WebSocket) -> None:
        if connection.upgraded or connection.upgrading:
            websocket.close()  # clients expect a WebSocket that ends, not a failed handshake
            return
        connection.begin_upgrade(websocket)
        asyncio.get_running_loop().call_later(UPGRADE_SECONDS, upgrade.expire)

    def _problem(self, environ: dict[str, str], query: Mapping[str, str], connection: Connection | None) -> str | None:
        """Why the request cannot be answered, as one of CODES."""
        transport, opening = query.get("transport"), "sid" not in query
        if not self._origin_allowed(environ):
            return "Forbidden"
        if transport not in self.transports:
            return "Transport unknown"
        if opening and query.get("EIO") != "4":
            return "Unsupported protocol version"
        if opening:
            return None if environ["REQUEST_METHOD"] == "GET" else "Bad handshake method"
        if connection is None or connection.closed:
            return "Session ID unknown"
        good = transport == "websocket" or (not connection.upgraded and environ["REQUEST_METHOD"] in {"GET", "POST"})
        return None if good else "Bad request"

    async def _begin(self, request: Request, transport: str, headers: dict[str, str]) -> StreamResponse:
        if transport == "polling":
            connection = self._connection(request)
            opened = self._open_packet(connection, ["websocket"] if self._may_upgrade() else [])
            self._welcome(connection, request)
            connection.polled = True
            return _text(opened, headers)
        refusal = handshake_error(request)
        if refusal is not None:
            return self._refused("Bad request", {**headers, **refusal[1]}, refusal[0])
        connection = self._connection(request)
        websocket = WebSocket(connection, self.max_http_buffer_size)
        connection.websocket = websocket
        self.sockets[connection.sid] = connection
        connection.outbox.waiting.append(frames.from_data(self._open_packet(connection, [])))
        response = take_over(request, websocket)
        connection.begin_websocket(websocket)
        self._welcome(connection, request)
        return response

    def _may_upgrade(self) -> bool:
        return bool(self.allow_upgrades) and "websocket" in self.transports

    def _connection(self, request: Request) -> Connection:
        connection = Connection(self, self.generate_id(), request.remote or "")
        connection.environ = {"aiohttp.request": request}
        return connection

    def _welcome(self, connection: Connection, request: Request) -> None:
        self.sockets[connection.sid] = connection
        connection.heard = asyncio.get_running_loop().time()
        self.heartbeat.watch(connection)
        self.accept(connection)
        if "connect" in self.handlers:
            self._tell("connect", connection.sid, translate_request(request))

    def _open_packet(self, connection: Connection, upgrades: list[str]) -> bytes:
        return b"0" + msgspec.json.encode(
            {
                "sid": connection.sid,
                "upgrades": upgrades,
                "pingInterval": round(self.ping_interval * 1000),
                "pingTimeout": round(self.ping_timeout * 1000),
                "maxPayload": self.max_http_buffer_size,
            }
        )

    def _upgrade(self, request: Request, connection: Connection, headers: dict[str, str]) -> StreamResponse:
        refusal = handshake_error(request)
        if refusal is not None:
            return self._refused("Bad request", {**headers, **refusal[1]}, refusal[0])
        if not self._may_upgrade():
            return self._refused("Bad request", headers)
        upgrade = Upgrade(connection)
        websocket = upgrade.websocket = WebSocket(upgrade, self.max_http_buffer_size)
        response = take_over(request, websocket)
        self._begin_upgrade(connection, upgrade, websocket)
        return response

    async def _poll(self, request: Request, connection: Connection, headers: dict[str, str]) -> Response:
        answer = await connection.poll()
        if answer is None:
            return self._refused("Bad request", headers)
        response = _text(answer, headers)
        if len(answer) >= COMPRESS_FROM and self.http_compression and "Accept-Encoding" in request.headers:
            response.enable_compression()
        return response

    async def _post(self, request: Request, connection: Connection, headers: dict[str, str]) -> Response:
        if connection.closing or not connection.begin_post():
            return self._refused("Bad request", headers)
        try:
            packets = _packets(await self._body(request))
            if connection.closed or connection.upgraded:
                return self._refused("Bad request", headers)
            await connection.post(packets)
        except (HTTPRequestEntityTooLarge, RequestPayloadError, ConnectionError, ValueError) as error:
            self.log_bad(f"a bad POST: {type(error).__name__}", connection.remote)
            connection.end(self.reason.TRANSPORT_ERROR)
            return self._refused("Bad request", headers, getattr(error, "status", 400))
        finally:
            connection.end_post()
        return _html_ok(headers)

    async def _body(self, request: Request) -> str:
        """The body as text. Raises HTTPRequestEntityTooLarge, UnicodeDecodeError (a ValueError)."""
        limit = self.max_http_buffer_size
        if request.content_length is not None and request.content_length > limit:
            raise HTTPRequestEntityTooLarge(max_size=limit, actual_size=request.content_length)
        chunks = bytearray()
        async for chunk in request.content.iter_any():
            chunks += chunk
            if len(chunks) > limit:
                raise HTTPRequestEntityTooLarge(max_size=limit, actual_size=len(chunks))
        return chunks.decode()

    def _refused(self, message: str, headers: dict[str, str], status: int = 400) -> Response:
        body = msgspec.json.encode({"code": CODES[message], "message": message})
        return Response(status=status, body=body, headers={**headers, "Content-Type": "application/json"})

    def _light_environ(self, request: Request) -> dict[str, str]:
        """What engineio's rules of origins look at."""
        environ = {"wsgi.url_scheme": request.headers.get("X-Forwarded-Proto", request.scheme).split(",")[0].strip()}
        environ["REQUEST_METHOD"] = request.method
        for name, key in _ORIGIN_HEADERS:
            value = request.headers.get(name)
            if value is not None:
                environ[key] = value
        return environ

    def _origin_allowed(self, environ: dict[str, str]) -> bool:
        origin = environ.get("HTTP_ORIGIN")
        if origin is None or self.cors_allowed_origins == []:
            return True
        allowed = self._cors_allowed_origins(environ)
        return allowed is None or origin in allowed


_ORIGIN_HEADERS = (
    ("Origin", "HTTP_ORIGIN"),
    ("Host", "HTTP_HOST"),
    ("X-Forwarded-Proto", "HTTP_X_FORWARDED_PROTO"),
    ("X-Forwarded-Host", "HTTP_X_FORWARDED_HOST"),
    ("Access-Control-Request-Headers", "HTTP_ACCESS_CONTROL_REQUEST_HEADERS"),
)


def _text(body: bytes, headers: dict[str, str]) -> Response:
    return Response(body=body, headers={**headers, "Content-Type": "text/plain; charset=UTF-8"})


def _html_ok(headers: dict[str, str]) -> Response:
    # text/html is what Engine.IO servers answer; some proxies treat text/plain worse.
    return Response(body=b"ok", headers={**headers, "Content-Type": "text/html"})


def _packets(body: str) -> list[tuple[str, str | bytes]]:
    """The packets of a polling payload: kind and content. Raises ValueError."""
    packets: list[tuple[str, str | bytes]] = []
    for each in body.split("\x1e"):
        kind = each[:1]
        if kind not in PACKET_KINDS or not kind:
            raise ValueError("not an Engine.IO packet")
        try:
            packets.append((kind, b64decode(each[1:], validate=True) if kind == "b" else each[1:]))
        except NotBase64 as error:
            raise ValueError("not base64") from error
    return packets


async def _finish(awaitable: Awaitable[Any]) -> None:
    try:
        await awaitable
    except Exception:  # an observer's mistake
        log.exception("engine.handler_failed")


def _nothing(*_arguments: Any) -> None:
    """Nobody wants to know."""


def _not_urgent(_connection: Connection, _message: str | bytes) -> bool:
    return False
