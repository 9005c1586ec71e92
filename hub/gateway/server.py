"""The Socket.IO server: python-socketio, with admission, dispatch and errors of our own behind its extension points."""

import asyncio
from typing import Any

import msgspec
import socketio
import structlog
from aiohttp.web import Request
from prometheus_client import Gauge
from socketio import packet

from hub.gateway import frames
from hub.gateway.admission import Admission
from hub.gateway.engine import Engine
from hub.gateway.fields import FRAME_BYTES
from hub.gateway.namespace import Dispatcher, refusal
from hub.gateway.session import Session
from hub.gateway.websocket import HubWebSocket

log = structlog.get_logger()
sessions_open = Gauge("hub_sessions", "Connected Socket.IO sessions of this process")

NAMESPACE = "/"
CONNECT_SECONDS = 20
"""A connection that has not sent a valid CONNECT by then is closed."""
CLOSE_SECONDS = 5
"""A socket that does not take what is queued for it within this is cut off."""
PROTOCOL_ERRORS = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
"""What python-socketio raises while it takes a malformed packet apart."""


class Json:
    """The JSON module that python-socketio and engineio use; any malformed text is a ValueError."""

    @staticmethod
    def dumps(value: Any, **_options: Any) -> str:
        """JSON text."""
        return msgspec.json.encode(value).decode()

    @staticmethod
    def loads(text: str | bytes, **_options: Any) -> Any:
        """The value of JSON text."""
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise ValueError(str(error)) from None


class HubServer(socketio.AsyncServer):  # type: ignore[misc]  # python-socketio has no types
    """python-socketio's server with the hub's sessions."""

    def __init__(self, dispatcher: Dispatcher, admission: Admission, *, cors_origins: list[str]) -> None:
        super().__init__(
            async_mode="aiohttp",
            async_handlers=False,
            cors_allowed_origins=cors_origins or None,
            max_http_buffer_size=FRAME_BYTES,
            json=Json,
            namespaces=[NAMESPACE],
        )
        self.eio._async = {**self.eio._async, "websocket": HubWebSocket}  # noqa: SLF001  (the driver's only hook)
        self._dispatcher = dispatcher
        self._admission = admission
        self._sessions: dict[str, Session] = {}
        self._connecting: set[str] = set()
        self._closing: set[asyncio.Task[None]] = set()
        admission.close = self.close_session

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    @property
    def sessions(self) -> list[Session]:
        """All sessions of this process."""
        return list(self._sessions.values())

    def close_session(self, session: Session, reason: str, *, come_back: bool) -> None:
        """Closes the session's connection, soon; what is queued goes out first.

        A client that should not come back gets Socket.IO's DISCONNECT, after which stock clients stay away.
        """
        if not session.closing:
            session.closing = True
            if not come_back:
                session.send(frames.message("1"))
            self._close_soon(session.eio_sid, reason)

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        asyncio.get_running_loop().call_later(CONNECT_SECONDS, self._close_unless_connected, eio_sid)

    def _close_unless_connected(self, eio_sid: str) -> None:
        if eio_sid in self.environ and eio_sid not in self._sessions:
            self._close_soon(eio_sid, "no CONNECT")

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:
        try:
            if isinstance(data, bytes) and eio_sid not in self._binary_packet:
                raise ValueError("binary data that belongs to no packet")
            await super()._handle_eio_message(eio_sid, data)
        except PROTOCOL_ERRORS as error:
            self._protocol_error(eio_sid, f"{type(error).__name__}: {error}"[:200])

    def _protocol_error(self, eio_sid: str, reason: str) -> None:
        log.warning("gateway.protocol_error", eio_sid=eio_sid, reason=reason)
        session = self._sessions.get(eio_sid)
        if session is not None:
            self._admission.dismiss(session, "protocol_error")
        else:
            self._close_soon(eio_sid, "protocol_error")

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        if (namespace or NAMESPACE) != NAMESPACE:
            await self._refuse(eio_sid, namespace, {"message": "Invalid namespace"})
            return
        if eio_sid in self._sessions or eio_sid in self._connecting:
            raise ValueError("a second CONNECT")
        self._connecting.add(eio_sid)
        try:
            await self._connect(eio_sid, data)
        finally:
            self._connecting.discard(eio_sid)

    async def _connect(self, eio_sid: str, data: Any) -> None:
        request: Request = self.environ[eio_sid]["aiohttp.request"]
        sid = await self.manager.pre_connect(eio_sid, NAMESPACE)
        try:
            session = await self._admission.admit(sid, eio_sid, self.eio.sockets[eio_sid], request, data)
            self._admission.check_draining()  # also if it began while the token was being checked
        except Exception as error:  # each becomes a connect_error with its code
            await self._refuse(eio_sid, NAMESPACE, refusal(error))
            await self.manager.disconnect(sid, NAMESPACE, ignore_queue=True)
            return
        if self.eio.sockets.get(eio_sid) is not session.socket or session.socket.closed:
            await self.manager.disconnect(sid, NAMESPACE, ignore_queue=True)
            return  # it went away while the token was being checked
        self._sessions[eio_sid] = session
        sessions_open.set(len(self._sessions))
        await self._send_packet(eio_sid, self.packet_class(packet.CONNECT, {"sid": sid}, namespace=NAMESPACE))
        await self.manager.connect(sid, NAMESPACE)
        await self._admission.begin(session, data)

    async def _refuse(self, eio_sid: str, namespace: str | None, reason: dict[str, Any]) -> None:
        await self._send_packet(eio_sid, self.packet_class(packet.CONNECT_ERROR, reason, namespace=namespace))

    async def _handle_event(self, eio_sid: str, namespace: str | None, id: int | None, data: Any) -> None:  # noqa: A002
        session = self._sessions.get(eio_sid)
        if session is None or (namespace or NAMESPACE) != NAMESPACE:
            raise ValueError("an event before CONNECT")
        await self._dispatcher.dispatch(session, id, data)

    async def _handle_disconnect(self, eio_sid: str, namespace: str | None, reason: str | None = None) -> None:
        if (namespace or NAMESPACE) != NAMESPACE:
            return  # nobody is in another namespace
        session = self._sessions.pop(eio_sid, None)
        if session is not None:
            sessions_open.set(len(self._sessions))
            await self._admission.end(session)
        await super()._handle_disconnect(eio_sid, namespace, reason)

    def _close_soon(self, eio_sid: str, reason: str) -> None:
        task = asyncio.create_task(self._close(eio_sid, reason))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _close(self, eio_sid: str, reason: str) -> None:
        """Ends the Engine.IO session, then the WebSocket below it, which engine.io clients wait for."""
        engine_socket = self.eio.sockets.get(eio_sid)
        websocket: HubWebSocket | None = getattr(engine_socket, "websocket", None)
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.eio.disconnect(eio_sid)
                if websocket is not None:
                    await websocket.close_with(reason)
        except TimeoutError:
            self.eio.sockets.pop(eio_sid, None)
            if websocket is not None:
                websocket.abort()
