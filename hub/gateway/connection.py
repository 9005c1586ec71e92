"""One Engine.IO session, over long-polling or WebSocket; from the outside it looks like engineio's `AsyncSocket`."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from hub.gateway import frames
from hub.gateway.frames import Frame
from hub.gateway.outbox import Outbox
from hub.gateway.transport import LINGER_SECONDS, NORMAL, PROTOCOL_ERROR, WebSocket

if TYPE_CHECKING:
    from hub.gateway.engine import Engine

PING = frames.from_data(b"2")
PROBE_ANSWER = frames.from_data(b"3probe")
PACKET_TYPES = frozenset("0123456")
MOST_INBOX = 64
"""Messages of one connection that may wait for being handled before no more are read from it."""
RECORD_SEPARATOR = b"\x1e"
"""Between the packets of a polling payload (Engine.IO protocol 4)."""


class Connection:
    """An Engine.IO session. Its messages are handled one after another; sending to it never waits."""

    __slots__ = (
        "__weakref__",
        "_farewell",
        "_last_poll",
        "_leaving",
        "_over",
        "_poll",
        "_posting",
        "_probing",
        "_reading_paused",
        "_unread",
        "closed",
        "closing",
        "dropped",
        "engine",
        "environ",
        "heard",
        "inbox",
        "members",
        "outbox",
        "polled",
        "remote",
        "session",
        "sid",
        "upgraded",
        "websocket",
        "working",
    )

    def __init__(self, engine: Engine, sid: str, remote: str) -> None:
        self.engine = engine
        self.sid = sid
        self.remote = remote
        """The peer's address."""
        self.environ: dict[str, Any] | None = None
        """The request that began it, until the first CONNECT was answered."""
        self.outbox = Outbox(engine.flusher, self._overflowed)
        self.inbox: deque[str | bytes] | None = None
        self.working = False
        self.members: dict[str, Any] = {}
        """Socket.IO: namespace -> who is connected to it over this session."""
        self.session: dict[str, Any] = {}
        """python-socketio's user sessions."""
        self.websocket: WebSocket | None = None
        self.upgraded = False
        self.closed = False
        self.closing = False
        """It ends as soon as what waits for it has gone out."""
        self.dropped = False
        """What came and was not handled yet is not wanted any more."""
        self._farewell = (NORMAL, "")
        self._leaving = False
        """It ends as soon as what came is handled."""
        self.heard = 0.0
        self.polled = False
        """Whether the first answer went out."""
        self._poll: asyncio.Future[None] | None = None
        self._posting = False
        self._last_poll = b"1"
        """What a poll that waits is answered when the session ends."""
        self._over: str | None = None
        """Why it ended, until those who were connected over it are told."""
        self._probing: WebSocket | None = None
        self._unread = 0
        self._reading_paused = False

    @property
    def connected(self) -> bool:
        """See AsyncSocket."""
        return not self.closed

    # --- WebSocket --------------------------------------------------------------------------------------------------

    def begin_websocket(self, websocket: WebSocket) -> None:
        """The session begins on a WebSocket."""
        self._use(websocket)

    def _use(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self.upgraded = True
        self.outbox.sink = websocket
        self.outbox.on_ready = None
        self.outbox.flush()
        self.outbox.resume()

    def received(self, message: str | bytes) -> None:
        """A WebSocket message came."""
        if self.closed or self._leaving:
            return
        if not isinstance(message, str):
            self._take(message)
            return
        kind = message[:1]
        if kind == "4":
            self._take(message[1:])
        elif kind == "3":
            self.heard = asyncio.get_running_loop().time()
        elif kind == "1":
            self.end(self.engine.reason.CLIENT_DISCONNECT)
        elif kind == "2":
            self.outbox.send(frames.from_data(b"3" + message[1:].encode()))
        elif kind not in PACKET_TYPES or not kind:
            self.broken(PROTOCOL_ERROR, "not an Engine.IO packet")

    def can_write(self, more: bool) -> None:  # noqa: FBT001  (a transport's one bit)
        """The transport is full, or can take more again."""
        if more:
            self.outbox.resume()
            if self.closing and self.outbox.empty:
                asyncio.get_running_loop().call_soon(self._cut)  # not from within the transport's own writing
        else:
            self.outbox.pause()

    def gone(self, reason: str) -> None:
        """The WebSocket ended."""
        self.end(reason)

    def broken(self, code: int, reason: str) -> None:
        """The peer broke the rules of WebSocket or Engine.IO: what it sent before is still answered."""
        self.engine.log_bad(reason, self.remote)
        if self.working and not self.closed:
            self._farewell = (code, reason)
            self._leaving = True
        else:
            self.end(self.engine.reason.TRANSPORT_ERROR, code=code, text=reason)

    # --- long-polling -----------------------------------------------------------------------------------------------

    async def poll(self) -> bytes | None:
        """The answer to a GET: what waits, as soon as something does. None for a second poll at once, which ends it."""
        if self._poll is not None:
            self.end(self.engine.reason.TRANSPORT_ERROR)
            return None
        self.polled = True
        if self.outbox.empty and not self.closed:
            if self._probing is not None:
                return b"6"
            self._poll = asyncio.get_running_loop().create_future()
            self.outbox.on_ready = self._end_poll
            try:
                await self._poll
            finally:
                self._poll = None
                self.outbox.on_ready = None
        if self.closed:
            return self._last_poll
        if self.upgraded:
            return b"6"
        taken = self.outbox.take(self.engine.max_http_buffer_size)
        if self.closing and self.outbox.empty:
            self.end(self.engine.reason.SERVER_DISCONNECT)
            return RECORD_SEPARATOR.join([*(frame.data for frame in taken), b"1"])
        return RECORD_SEPARATOR.join([frame.data for frame in taken]) or b"6"

    def _end_poll(self) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    def begin_post(self) -> bool:
        """A POST began. False for a second one at once, which ends the session."""
        if self._posting:
            self.end(self.engine.reason.TRANSPORT_ERROR)
            return False
        self._posting = True
        return True

    def end_post(self) -> None:
        """The POST was answered."""
        self._posting = False

    async def post(self, packets: list[tuple[str, str | bytes]]) -> None:
        """The packets of a POST: kind ("b" for binary) and content."""
        for kind, content in packets:
            if self.closed:
                return
            if kind in {"4", "b"}:
                self._take(content)
            elif kind == "3":
                self.heard = asyncio.get_running_loop().time()
            elif kind == "1":
                self._last_poll = b"6"
                self.end(self.engine.reason.CLIENT_DISCONNECT)
        while self._too_much() and not self.closed:  # noqa: ASYNC110  (rare, and ends by itself)
            await asyncio.sleep(0.01)

    # --- upgrade ----------------------------------------------------------------------------------------------------

    @property
    def upgrading(self) -> bool:
        """Whether a WebSocket is trying to take over from polling."""
        return self._probing is not None

    def begin_upgrade(self, websocket: WebSocket) -> None:
        """A WebSocket was opened for this polling session."""
        self._probing = websocket

    def probed(self, websocket: WebSocket) -> None:
        """The probe came: it is answered, and the poll that waits is ended so that the client can pause polling."""
        websocket.write(PROBE_ANSWER.wire)
        self._end_poll()

    def upgrade(self, websocket: WebSocket) -> None:
        """The client moves to the WebSocket; what waits goes there."""
        self._probing = None
        self._end_poll()
        self._use(websocket)

    def give_up_upgrade(self, websocket: WebSocket) -> None:
        """The WebSocket ended before it took over: polling goes on."""
        if self._probing is websocket:
            self._probing = None

    # --- handling what came -----------------------------------------------------------------------------------------

    def _take(self, message: str | bytes) -> None:
        if message[:1] == "3" and self.engine.urgent(self, message):
            return
        if not self.working:
            self.working = True
            self.engine.runner.run(self._work(message))
            return
        if self.inbox is None:
            self.inbox = deque()
        self.inbox.append(message)
        self._unread += len(message)
        if self._too_much() and self.websocket is not None and not self._reading_paused:
            self._reading_paused = True
            self.websocket.pause_reading()

    def _too_much(self) -> bool:
        return self._unread > self.engine.max_http_buffer_size or (
            self.inbox is not None and len(self.inbox) > MOST_INBOX
        )

    async def _work(self, message: str | bytes) -> None:
        """Handles what came, in order; a peer that does not read its answers is not asked for more questions.

        What a client sent before it went away is handled too: `emit(…); disconnect()` must not lose the event.
        """
        try:
            while True:
                work = self.engine.handle(self, message)
                if work is not None:
                    await work
                if self.outbox.blocked:
                    await self.outbox.drained()
                if not self.inbox or self.dropped:
                    return
                message = self.inbox.popleft()
                self._unread -= len(message)
        finally:
            self.working = False
            self.inbox = None
            if self._leaving or self._over is not None or self._reading_paused:
                self._rested()

    def _rested(self) -> None:
        """All that came is handled: what waited for that happens now."""
        if self._leaving:
            code, reason = self._farewell
            self.end(self.engine.reason.TRANSPORT_ERROR, code=code, text=reason)
        if self._over is not None:
            self._tell_end()
        elif self._reading_paused:
            self._reading_paused = False
            self._unread = 0
            self.heard = asyncio.get_running_loop().time()
            if self.websocket is not None:
                self.websocket.resume_reading()

    # --- heartbeat --------------------------------------------------------------------------------------------------

    def ping(self) -> None:
        """See Heartbeat."""
        self.outbox.send(PING)

    def silent(self) -> None:
        """See Heartbeat. Who is not read from cannot be heard."""
        if not self._reading_paused:
            self.end(self.engine.reason.PING_TIMEOUT)

    # --- ending -----------------------------------------------------------------------------------------------------

    def send_frame(self, frame: Frame) -> None:
        """Sends a frame to this session alone."""
        if not self.closed and not self.closing:
            self.outbox.send(frame)

    async def send(self, packet: Any) -> None:
        """See AsyncSocket: sends an Engine.IO packet of engineio's."""
        encoded = packet.encode()
        self.send_frame(frames.message(encoded) if isinstance(encoded, bytes) else frames.from_data(encoded.encode()))

    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:  # noqa: FBT001, FBT002
        """See AsyncSocket."""
        del wait, abort
        self.end(reason or self.engine.reason.SERVER_DISCONNECT)

    def finish(self, code: int, reason: str) -> None:
        """Ends the session once all that waits has gone out, or after a few seconds; what came is not handled."""
        if self.closed or self.closing:
            return
        self.dropped = True
        self.outbox.flush()
        if self.outbox.empty and self.websocket is not None:
            self.end(self.engine.reason.SERVER_DISCONNECT, code=code, text=reason)
            return
        self.closing = True
        self._farewell = (code, reason)
        self._end_poll()
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._cut)

    def _cut(self) -> None:
        if not self.closed:
            code, reason = self._farewell
            self.end(self.engine.reason.SERVER_DISCONNECT, code=code, text=reason)

    def end(self, reason: str, *, code: int = NORMAL, text: str = "", linger: float = LINGER_SECONDS) -> None:
        """Ends the session now; whoever is connected over it is told so once."""
        if self.closed:
            return
        self.closed = True
        if not self.outbox.blocked:
            self.outbox.flush()
        self.outbox.discard()
        self._end_poll()
        for websocket in (self.websocket, self._probing):
            if websocket is not None:
                websocket.close(code, text, linger=linger)
        self._probing = None
        self._over = reason
        if not self.working:
            self._tell_end()

    def _tell_end(self) -> None:
        reason, self._over = self._over, None
        self.engine.ended(self, reason or self.engine.reason.TRANSPORT_CLOSE)

    def _overflowed(self) -> None:
        self.engine.overflowed(self)
