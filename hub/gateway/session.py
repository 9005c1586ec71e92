"""A session: one connected socket of one person."""

from __future__ import annotations

from asyncio import TimerHandle
from collections.abc import Callable
from typing import Any

from engineio.async_socket import AsyncSocket
from engineio.packet import Packet

from hub.gateway import frames
from hub.gateway.auth import Identity
from hub.gateway.frames import Frame
from hub.gateway.wire import SessionUser

MOST_WAITING = 5_000
"""Packets that may wait for a slow reader before its socket is closed."""
MOST_BYTES = 8_000_000
"""Characters that may wait for it."""


class Session:
    """What the gateway knows of one socket. Writing to it never waits."""

    __slots__ = (
        "_held",
        "_release_next",
        "_waiting_bytes",
        "closing",
        "device_id",
        "eio_sid",
        "ended",
        "expiry",
        "focus",
        "id",
        "identity",
        "on_renewed",
        "on_slow",
        "opened",
        "rooms",
        "socket",
        "user",
    )

    def __init__(
        self, sid: str, eio_sid: str, socket: AsyncSocket, identity: Identity, user: SessionUser, device_id: str | None
    ) -> None:
        self.id = sid
        self.eio_sid = eio_sid
        self.socket = socket
        self.identity = identity
        self.user = user
        self.device_id = device_id
        self.rooms: set[str] = set()
        self.opened: dict[str, bool] = {}
        """Conversations whose live events this socket gets -> whether the person may write there."""
        self.focus: str | None = None
        self.expiry: TimerHandle | None = None
        self.closing = False
        self.ended = False
        self._waiting_bytes = 0
        self.on_renewed: Callable[[Session], None] = _nothing
        """Called when a new token has extended the session."""
        self.on_slow: Callable[[Session], None] = _nothing
        """Called when a packet finds the queue full."""
        self._held: dict[str, list[Frame]] = {}
        self._release_next: list[tuple[str, int]] = []

    @property
    def user_id(self) -> str:
        """Whose socket it is."""
        return self.identity.user_id

    def emit(self, name: str, payload: Any) -> None:
        """Sends an event to this socket alone."""
        self.send(frames.event(name, payload).packet)

    def send(self, packet: Packet) -> None:
        """Queues a packet. A reader that is too far behind is closed: it gets all of it when it comes back."""
        if self.socket.closed:
            return
        if self._too_far_behind():
            self.on_slow(self)
        else:
            self._waiting_bytes += len(packet.data)
            self.socket.queue.put_nowait(packet)

    def _too_far_behind(self) -> bool:
        queue = self.socket.queue
        if queue.empty():
            self._waiting_bytes = 0
        elif self._waiting_bytes >= MOST_BYTES:
            # The writer does not tell what it took, so the sum is an upper bound until it is made anew.
            self._waiting_bytes = sum(len(each.data) for each in queue._queue if each and each.data)  # noqa: SLF001
        return self._waiting_bytes >= MOST_BYTES or queue.qsize() >= MOST_WAITING

    def deliver(self, room: str, frame: Frame) -> None:
        """Sends a room's frame, or keeps it back while that room is being caught up with."""
        held = self._held.get(room)
        if held is not None:
            held.append(frame)
        else:
            self.send(frame.packet)

    def renew(self, identity: Identity) -> None:
        """A new token of the same person: its roles and its expiry count from now on."""
        self.identity = identity
        self.on_renewed(self)

    def hold(self, room: str) -> None:
        """Keeps the room's frames back until `release`, so that what was missed comes first."""
        self._held.setdefault(room, [])

    def release(self, room: str, *, after_rev: int) -> None:
        """Sends what was kept back, but for changes up to `after_rev`, which the socket has got already."""
        for frame in self._held.pop(room, ()):
            if frame.rev is None or frame.rev > after_rev:
                self.send(frame.packet)

    def discard(self, room: str) -> None:
        """Forgets what was kept back: the session has no right to it."""
        self._held.pop(room, None)

    def release_after_answer(self, room: str, *, after_rev: int) -> None:
        """Releases the room once the request under way is answered: the snapshot first, then what came after it."""
        self._release_next.append((room, after_rev))

    def answered(self) -> None:
        """The request under way was answered."""
        for room, after_rev in self._release_next:
            self.release(room, after_rev=after_rev)
        self._release_next.clear()


def _nothing(_session: Session) -> None:
    """Nobody wants to know."""
