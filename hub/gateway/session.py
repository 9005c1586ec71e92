"""A session: one connected socket of one person."""

from __future__ import annotations

from asyncio import TimerHandle
from collections.abc import Callable
from typing import Any

from hub.gateway import frames
from hub.gateway.auth import Identity
from hub.gateway.connection import Connection
from hub.gateway.fanout import Fanout
from hub.gateway.member import Member
from hub.gateway.wire import SessionUser

NAMESPACE = "/"


class Session(Member):
    """What the gateway knows of one socket. Writing to it never waits."""

    __slots__ = (
        "_release_next",
        "closing",
        "device_id",
        "expiry",
        "fanout",
        "focus",
        "identity",
        "on_renewed",
        "opened",
        "user",
    )

    def __init__(
        self,
        sid: str,
        connection: Connection,
        fanout: Fanout,
        identity: Identity,
        user: SessionUser,
        device_id: str | None,
    ) -> None:
        super().__init__(sid, connection, NAMESPACE, identity.user_id)
        self.fanout = fanout
        self.identity = identity
        self.user = user
        self.device_id = device_id
        self.opened: dict[str, bool] = {}
        """Conversations whose live events this socket gets -> whether the person may write there."""
        self.focus: str | None = None
        self.expiry: TimerHandle | None = None
        self.closing = False
        self.on_renewed: Callable[[Session], None] = _nothing
        """Called when a new token has extended the session."""
        self._release_next: list[tuple[str, int]] | None = None

    def emit(self, name: str, payload: Any) -> None:
        """Sends an event to this socket alone."""
        self.send(frames.event(name, payload))

    def renew(self, identity: Identity) -> None:
        """A new token of the same person: its roles and its expiry count from now on."""
        self.identity = identity
        self.on_renewed(self)

    def hold(self, room: str) -> None:
        """Joins the room but keeps its frames back until `release`, so that what was missed comes first."""
        self.fanout.join(self, room)
        self.fanout.hold(self, room)

    def release(self, room: str, *, after_rev: int | None) -> None:
        """Sends what was kept back, but for changes up to `after_rev`, which the socket has got already, if known."""
        self.fanout.release(self, room, after_rev=after_rev)

    def discard(self, room: str) -> None:
        """Leaves the room and forgets what was kept back: the session has no right to it."""
        self.fanout.leave(self, room)

    def release_after_answer(self, room: str, *, after_rev: int) -> None:
        """Releases the room once the request under way is answered: the snapshot first, then what came after it."""
        if self._release_next is None:
            self._release_next = []
        self._release_next.append((room, after_rev))

    def answered(self) -> None:
        """The request under way was answered."""
        if self._release_next is not None:
            for room, after_rev in self._release_next:
                self.release(room, after_rev=after_rev)
            self._release_next = None


def _nothing(_session: Session) -> None:
    """Nobody wants to know."""
