"""A Socket.IO server (protocol 5) with python-socketio's public interface on the lean engine and fan-out.

It has a namespace's life of its own because python-socketio's takes a task for each packet and leaves malformed ones,
late CONNECTs and forged `connect` events to the application.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import socketio
import structlog
from engineio.async_drivers.aiohttp import translate_request
from socketio import packet
from socketio.exceptions import ConnectionRefusedError as Refused
from socketio.exceptions import TimeoutError as CallTimeout

from hub.gateway import frames
from hub.gateway.connection import Connection
from hub.gateway.eager import Work
from hub.gateway.engine import Engine
from hub.gateway.fanout import Fanout
from hub.gateway.manager import FanoutManager
from hub.gateway.member import Member
from hub.gateway.outbox import MOST_BYTES, Flusher, Outbox
from hub.gateway.packets import Json, Packet, encode

log = structlog.get_logger()

CONNECT_SECONDS = 20.0
"""A connection that has not joined a namespace by then is closed."""
MOST_NAMESPACES = 16
"""Namespaces that one connection may be in."""
MOST_ATTACHMENTS = 64
LONGEST_ID = 18
"""Characters of a packet within which its arguments begin, when it is an ordinary one."""
NAMES = frozenset({str, int})
"""What an event may be named by."""
MAX_ID = 2**53
"""The largest ack id: JavaScript counts no further."""
PROTOCOL_ERRORS = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError)
"""What python-socketio raises while it takes a malformed packet apart."""
INVALID_NAMESPACE = {"message": "Invalid namespace"}


class SocketServer(socketio.AsyncServer):  # type: ignore[misc]  # python-socketio has no types
    """python-socketio's server, lean."""

    instrumented = False
    """The admin UI patches classes of engineio, so a process can be instrumented once."""

    def __init__(
        self,
        *,
        fanout: Fanout | None = None,
        connect_timeout: float = CONNECT_SECONDS,
        most_waiting: int = MOST_BYTES,
        **options: Any,
    ) -> None:
        self._direct: dict[tuple[str, str | int], Callable[..., Awaitable[Any]]] = {}
        self.fanout = fanout or Fanout(Flusher(most_bytes=most_waiting))
        self._connect_timeout = connect_timeout
        super().__init__(
            client_manager=FanoutManager(self.fanout),
            **{"async_mode": "aiohttp", "json": Json, "serializer": Packet, **options, "async_handlers": True},
        )
        engine: Engine = self.eio
        engine.handlers.clear()  # they are called directly
        engine.flusher = self.fanout.flusher
        engine.accept = self._accepted
        engine.handle = self._handle
        engine.urgent = self._is_answer
        engine.lost = self._lost
        engine.overflowed = self.overflowed

    def _engineio_server_class(self) -> type[Engine]:
        return Engine

    def instrument(self, *arguments: Any, **options: Any) -> Any:
        """The stock admin UI; once in a process."""
        if SocketServer.instrumented:
            raise RuntimeError("instrument() was called before in this process; the admin UI patches shared classes")
        SocketServer.instrumented = True
        return super().instrument(*arguments, **options)

    async def call(self, event: str, data: Any = None, to: str | None = None, **options: Any) -> Any:
        """See AsyncServer; an answer that never comes leaves nothing behind."""
        sid = to or options.get("sid")
        try:
            return await super().call(event, data, to, **options)
        except CallTimeout:
            self.manager.callbacks.pop(sid, None)
            raise

    # --- the engine's calls -----------------------------------------------------------------------------------------

    def _accepted(self, connection: Connection) -> None:
        asyncio.get_running_loop().call_later(self._connect_timeout, self._close_unless_connected, connection)

    def _close_unless_connected(self, connection: Connection) -> None:
        if not connection.closed and not connection.members:
            connection.end(self.reason.SERVER_DISCONNECT)
        connection.environ = None

    def _is_answer(self, connection: Connection, message: str | bytes) -> bool:
        """An ACK must not wait behind the handler that waits for it."""
        if isinstance(message, str) and connection.sid not in self._binary_packet:
            try:
                answer = self.packet_class(encoded_packet=message)
                member = connection.members.get(answer.namespace or "/")
                if not isinstance(answer.data, list):
                    raise TypeError("the arguments of an ack are a list")
                if member is not None:
                    self.eio.start(self.manager.trigger_callback(member.id, answer.id, answer.data))
            except PROTOCOL_ERRORS as error:
                self.protocol_error(connection, f"{type(error).__name__}: {error}"[:200])
            return True
        return False

    def _handle(self, connection: Connection, message: str | bytes) -> Work | None:
        """What is to be done about a message, which never raises; None when it is done already."""
        try:
            if isinstance(message, str) and message[:1] == "2" and connection.sid not in self._binary_packet:
                where = message.find("[", 1, LONGEST_ID)
                number = message[1:where]
                if where > 0 and (not number or (number.isascii() and number.isdigit())):
                    member = _connected(connection, "/")
                    return self.on_event(member, int(number) if number else None, message[where:])
        except PROTOCOL_ERRORS as error:
            self.protocol_error(connection, f"{type(error).__name__}: {error}"[:200])
            return None
        return self._handle_guarded(connection, message)

    async def _handle_guarded(self, connection: Connection, message: str | bytes) -> None:
        try:
            await self._handle_slowly(connection, message)
        except PROTOCOL_ERRORS as error:
            self.protocol_error(connection, f"{type(error).__name__}: {error}"[:200])
        except Exception:  # a mistake of ours ends neither the connection nor the process
            log.exception("gateway.packet_failed")

    async def _handle_slowly(self, connection: Connection, message: str | bytes) -> None:
        """Any packet, by python-socketio's own decoder."""
        arrived = self._whole_packet(connection, message)
        if arrived is None:
            return
        namespace = arrived.namespace or "/"
        if arrived.packet_type == packet.CONNECT:
            await self.on_connect(connection, namespace, arrived.data)
        elif arrived.packet_type == packet.DISCONNECT:
            await self._disconnected(connection, namespace)
        elif arrived.packet_type in {packet.EVENT, packet.BINARY_EVENT}:
            if arrived.id is not None and arrived.id > MAX_ID:
                raise ValueError("an ack id too large")
            await self.on_decoded_event(_connected(connection, namespace), arrived.id, arrived.data)
        elif arrived.packet_type == packet.BINARY_ACK:
            member = _connected(connection, namespace)
            await self.manager.trigger_callback(member.id, arrived.id, arrived.data)
        else:
            raise ValueError("a packet of an unknown kind")

    def _whole_packet(self, connection: Connection, message: str | bytes) -> Any:
        """The packet that the message is, or completes; None while attachments are due."""
        waiting = self._binary_packet.get(connection.sid)
        if waiting is not None:
            if not isinstance(message, bytes):
                raise ValueError("an attachment was due")
            if sum(map(len, waiting.attachments)) + len(message) > self.eio.max_http_buffer_size:
                raise ValueError("the attachments of a packet are too large together")
            if not waiting.add_attachment(message):
                return None
            return self._binary_packet.pop(connection.sid)
        if isinstance(message, bytes):
            raise TypeError("binary data that belongs to no packet")
        arrived = self.packet_class(encoded_packet=message)
        if arrived.packet_type not in {packet.BINARY_EVENT, packet.BINARY_ACK}:
            return arrived
        _connected(connection, arrived.namespace or "/")
        if not 0 < arrived.attachment_count <= MOST_ATTACHMENTS:
            raise ValueError("too many attachments, or none")
        self._binary_packet[connection.sid] = arrived
        return None

    def _lost(self, connection: Connection, reason: str) -> None:
        self._binary_packet.pop(connection.sid, None)
        self.environ.pop(connection.sid, None)
        for member in list(connection.members.values()):
            self.on_gone(member, reason)

    # --- what a server does with it; HubServer has its own ----------------------------------------------------------

    def protocol_error(self, connection: Connection, reason: str) -> None:
        """A malformed packet ends the connection, and nothing that came after it counts."""
        log.info("gateway.protocol_error", remote=connection.remote, reason=reason)
        connection.dropped = True
        connection.end(self.reason.TRANSPORT_ERROR)

    def overflowed(self, connection: Connection) -> None:
        """The peer is too far behind."""
        connection.end(self.reason.TRANSPORT_ERROR)

    async def on_connect(self, connection: Connection, namespace: str, auth: Any) -> None:
        """A CONNECT packet: asks the application, as python-socketio does; its emits follow the answer."""
        known = namespace in self.handlers or namespace in self.namespace_handlers or namespace in self.namespaces
        if not (known or self.namespaces == "*"):
            self.refuse(connection, namespace, INVALID_NAMESPACE)
            return
        if namespace in connection.members or len(connection.members) >= MOST_NAMESPACES:
            raise ValueError("a second CONNECT")
        sid = await self.manager.pre_connect(connection.sid, namespace)
        if sid is None:
            return
        member = connection.members[namespace]
        self.environ[connection.sid] = _environ(connection)
        # CONNECT is answered first, so that what a handler emits never comes before it.
        held = _Held(member, self.fanout)
        refusal = await self._ask(member, auth)
        if refusal is not None:
            self.manager.remove(member)
            held.give_back(None)
            self.refuse(connection, namespace, refusal)
            return
        member.ready = True
        held.give_back(frames.message(_connect_packet(namespace, sid)))
        connection.environ = None

    async def _ask(self, member: Member, auth: Any) -> Any:
        """Why the application refuses the member, or None."""
        environ = self.environ[member.connection.sid]
        try:
            accepted = await self._trigger_event("connect", member.namespace, member.id, environ, auth or None)
        except Refused as refusal:
            return refusal.error_args if isinstance(refusal.error_args, dict) else {"message": str(refusal.error_args)}
        except Exception:  # a handler's mistake lets nobody in
            log.exception("gateway.handler_failed", socket_event="connect")
            accepted = False
        return {"message": "Connection rejected by server"} if accepted is False else None

    def refuse(self, connection: Connection, namespace: str, reason: Any) -> None:
        """Answers a CONNECT with why it was refused."""
        refused = self.packet_class(packet.CONNECT_ERROR, reason, namespace=namespace)
        connection.send_frame(frames.message(refused.encode()))

    def on_event(self, member: Member, ack_id: int | None, text: str) -> Work:
        """What is to be done about an event in `/`, its arguments still JSON text: `["name",…]`. Raises ValueError."""
        return self.on_decoded_event(member, ack_id, Json.loads(text))

    def on_decoded_event(self, member: Member, ack_id: int | None, data: Any) -> Work:
        """What is to be done about an event. Raises ValueError for what is none."""
        if not isinstance(data, list) or not data or type(data[0]) not in NAMES:
            raise ValueError("an event has a name")
        if data[0] in self.reserved_events:
            raise ValueError("a reserved event")
        return self._call(member, ack_id, data)

    async def _call(self, member: Member, ack_id: int | None, data: list[Any]) -> None:
        """Calls the event's handler and sends what it gives as the ack. A handler's mistake ends nothing."""
        handler = self._direct.get((member.namespace, data[0]))
        try:
            if handler is not None and "_trigger_event" not in vars(self):
                answer = await handler(member.id, *data[1:])
            else:
                answer = await self._trigger_event(data[0], member.namespace, member.id, *data[1:])
            if ack_id is not None and answer is not self.not_handled:
                arguments = [] if answer is None else list(answer) if isinstance(answer, tuple) else [answer]
                for frame in encode(packet.ACK, member.namespace, ack_id, arguments):
                    member.connection.send_frame(frame)
        except asyncio.CancelledError:  # the handler gave up, unless it was told to
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
        except Exception:
            log.exception("gateway.handler_failed", socket_event=data[0])

    def on(self, event: str, handler: Any = None, namespace: str | None = None) -> Any:
        """See AsyncServer. Coroutine functions are remembered, so that an event finds its handler by one look-up."""

        def register(given: Any) -> Any:
            if inspect.iscoroutinefunction(given):
                self._direct[namespace or "/", event] = given
            else:
                self._direct.pop((namespace or "/", event), None)
            return super(SocketServer, self).on(event, given, namespace)

        return register if handler is None else register(handler)

    async def _disconnected(self, connection: Connection, namespace: str) -> None:
        member = connection.members.get(namespace)
        if member is not None:
            self.on_gone(member, self.reason.CLIENT_DISCONNECT)

    def on_gone(self, member: Member, reason: str) -> None:
        """A member has left, or its connection has ended."""
        was_ready, member.ready = member.ready, False
        self.manager.remove(member)
        if was_ready:
            self.eio.start(self._trigger_event("disconnect", member.namespace, member.id, reason))

    # --- python-socketio's own road to a client ---------------------------------------------------------------------

    async def _send_packet(self, eio_sid: str, pkt: Any) -> None:
        connection = self.eio.sockets.get(eio_sid)
        if connection is not None:
            encoded = pkt.encode()
            for each in encoded if isinstance(encoded, list) else [encoded]:
                connection.send_frame(frames.message(each))

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        """Called by the admin UI's observer; connections are accepted elsewhere."""

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        """Called by the admin UI's observer; see `_lost`."""


class _Held:
    """What is emitted to a member while it is being asked about, kept back until CONNECT is answered."""

    def __init__(self, member: Member, fanout: Fanout) -> None:
        self._member = member
        self._fanout = fanout
        self._outbox = Outbox(member.connection.engine.flusher, member.connection.outbox.on_overflow)
        member.outbox = self._outbox
        fanout.moved(member)

    def give_back(self, first: frames.Frame | None) -> None:
        """Sends the answer, then what was kept back."""
        member = self._member
        member.outbox = member.connection.outbox
        self._fanout.moved(member)
        waiting = self._outbox.take(MOST_BYTES)
        self._outbox.discard()
        for frame in [first, *waiting] if first is not None else []:
            member.connection.send_frame(frame)


def _connected(connection: Connection, namespace: str) -> Member:
    """Who is connected to the namespace. Raises ValueError when nobody is."""
    member: Member | None = connection.members.get(namespace)
    if member is None or not member.ready:
        raise ValueError("a packet before CONNECT")
    return member


def _connect_packet(namespace: str, sid: str) -> str:
    where = "" if namespace == "/" else f"{namespace},"
    return f'0{where}{{"sid":"{sid}"}}'


def _environ(connection: Connection) -> dict[str, Any]:
    """What python-socketio gives to `connect` handlers; with the real address instead of 127.0.0.1."""
    kept = connection.environ
    if kept is None:
        return {"REMOTE_ADDR": connection.remote}
    return {**translate_request(kept["aiohttp.request"]), "REMOTE_ADDR": connection.remote}
