"""The hub's Socket.IO server: sessions in the namespace `/`, with admission, dispatch and errors of our own."""

import asyncio
from collections import deque
from typing import Any, cast

import structlog
from prometheus_client import Gauge

from hub.gateway import frames
from hub.gateway.admission import Admission
from hub.gateway.connection import Connection
from hub.gateway.eager import Work
from hub.gateway.fanout import Fanout
from hub.gateway.fields import FRAME_BYTES
from hub.gateway.member import Member
from hub.gateway.namespace import Dispatcher, refusal
from hub.gateway.session import NAMESPACE, Session
from hub.gateway.socketserver import SocketServer

log = structlog.get_logger()
sessions_open = Gauge("hub_sessions", "Connected Socket.IO sessions of this process")

CLOSE_CODES = {
    "draining": 4001,
    "protocol_error": 4002,
    "internal_error": 4003,
    "disconnected": 4004,
    "slow_consumer": 4008,
    "bus_lost": 4009,
    "token_expired": 4501,
    "banned": 4503,
    "replaced": 4504,
}
"""WebSocket close codes: below 4500 connect again and resync, from there on do not."""
OTHER_CODE = 4000
SLOW_LINGER_SECONDS = 0.5
"""Who was too slow has had its time; it hears why if it reads at last."""
FAREWELLS_AT_ONCE = 50
"""Sessions that are seen off before the loop gets a turn, so that thousands that drop together block nobody."""


class HubServer(SocketServer):
    """python-socketio's server with the hub's sessions."""

    def __init__(
        self, dispatcher: Dispatcher, admission: Admission, fanout: Fanout, *, cors_origins: list[str]
    ) -> None:
        super().__init__(
            fanout=fanout,
            cors_allowed_origins=cors_origins or None,
            max_http_buffer_size=FRAME_BYTES,
            namespaces=[NAMESPACE],
        )
        self._dispatcher = dispatcher
        self._admission = admission
        self._sessions: dict[str, Session] = {}
        self._leaving: deque[Session] = deque()
        self._farewells: asyncio.Task[None] | None = None
        admission.close = self.close_session

    @property
    def sessions(self) -> list[Session]:
        """All sessions of this process."""
        return list(self._sessions.values())

    @property
    def idle(self) -> bool:
        """Whether nobody is connected and everybody who was has been seen off."""
        return not self._sessions and not self._leaving and self._farewells is None

    def close_session(self, session: Session, reason: str, *, come_back: bool) -> None:
        """Closes the session's connection, soon; what is queued goes out first.

        A client that should not come back gets Socket.IO's DISCONNECT, after which stock clients stay away.
        """
        if not session.closing:
            session.closing = True
            if not come_back:
                session.send(frames.disconnect())
            session.connection.finish(CLOSE_CODES.get(reason, OTHER_CODE), reason)

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:  # noqa: FBT001, FBT002
        """See AsyncServer; a session is told why, and seen off like any other."""
        session = self._sessions.get(sid)
        if session is None:
            await super().disconnect(sid, namespace, ignore_queue)
        else:
            self.close_session(session, "disconnected", come_back=False)

    def protocol_error(self, connection: Connection, reason: str) -> None:
        """Tells the client, then closes."""
        log.warning("gateway.protocol_error", remote=connection.remote, reason=reason)
        session = connection.members.get(NAMESPACE)
        if isinstance(session, Session):
            self._admission.dismiss(session, "protocol_error")
        else:
            connection.finish(CLOSE_CODES["protocol_error"], "protocol_error")

    def overflowed(self, connection: Connection) -> None:
        """A slow consumer: it is closed at once, and syncs when it is back."""
        session = connection.members.get(NAMESPACE)
        user_id = session.user_id if isinstance(session, Session) else None
        log.warning("gateway.slow_consumer", user_id=user_id, remote=connection.remote)
        code = CLOSE_CODES["slow_consumer"]
        connection.end(self.reason.TRANSPORT_ERROR, code=code, text="slow_consumer", linger=SLOW_LINGER_SECONDS)

    async def on_connect(self, connection: Connection, namespace: str, auth: Any) -> None:
        """A CONNECT packet: admits the person, or says why not."""
        if namespace != NAMESPACE:
            await super().on_connect(connection, namespace, auth)
            return
        if namespace in connection.members:
            raise ValueError("a second CONNECT")
        try:
            session = await self._admission.admit(self.eio.generate_id(), connection, auth)
            self._admission.check_draining()  # also if it began while the token was being checked
        except Exception as error:  # each becomes a connect_error with its code
            self.refuse(connection, NAMESPACE, refusal(error))
            return
        if connection.closed or connection.closing:
            return  # it went away while the token was being checked
        self.manager.add(session)
        self._sessions[session.id] = session
        sessions_open.set(len(self._sessions))
        session.ready = True
        session.send(frames.from_data(b'40{"sid":"%b"}' % session.id.encode()))
        if self._watched:
            await self._trigger_event("connect", NAMESPACE, session.id, {}, None)
        await self._admission.begin(session, auth)

    def on_event(self, member: Member, ack_id: int | None, text: str) -> Work:
        """An event of a session."""
        return self._dispatcher.dispatch(cast("Session", member), ack_id, text)  # in `/` all are sessions

    def on_decoded_event(self, member: Member, ack_id: int | None, data: Any) -> Work:
        """An event that was no plain one: without a name, with binary attachments, or in another namespace."""
        if isinstance(member, Session):
            return self._dispatcher.refuse(member, ack_id, data[0] if isinstance(data, list) and data else None)
        return super().on_decoded_event(member, ack_id, data)

    def on_gone(self, member: Member, reason: str) -> None:
        """A session ended: nothing reaches it any more; the rest is done in small portions."""
        if not isinstance(member, Session):
            super().on_gone(member, reason)
            return
        member.ready = False
        member.ended = True
        member.connection.members.pop(NAMESPACE, None)  # the same connection may connect again
        self._sessions.pop(member.id, None)
        sessions_open.set(len(self._sessions))
        self._leaving.append(member)
        if self._farewells is None:
            self._farewells = asyncio.get_running_loop().create_task(self._see_off(), name="farewells")
        if self._watched:
            self.eio.start(self._trigger_event("disconnect", NAMESPACE, member.id, reason))

    @property
    def _watched(self) -> bool:
        """Whether the stock admin UI observes events (it replaces this method on the instance)."""
        return "_trigger_event" in vars(self)

    async def _see_off(self) -> None:
        try:
            while self._leaving:
                some = [self._leaving.popleft() for _ in range(min(FAREWELLS_AT_ONCE, len(self._leaving)))]
                for session in some:
                    self.manager.remove(session)
                await asyncio.gather(*(self._admission.end(session) for session in some), return_exceptions=True)
        finally:
            self._farewells = None
