"""Presence: who is online, with a grace period so that a reload does not flap."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Literal, Protocol

from hub.clock import Clock, rfc3339
from hub.gateway.wire import PresenceState

Status = Literal["online", "away", "busy", "invisible"]
Changed = Callable[[PresenceState], Awaitable[None]]


class PresenceStore(Protocol):
    """Knows who is online in the whole hub.

    A user is online while any session of theirs is; offline is announced after the grace period, online at once.
    `invisible` looks like offline. Changes are announced through `on_change`, only when what others see differs.
    """

    on_change: Changed | None

    async def start(self) -> None:
        """Begins to hear of other nodes, if there are any."""
        ...

    async def stop(self) -> None:
        """The process ends."""
        ...

    async def arrived(self, user_id: str, session_id: str) -> None:
        """A session began."""
        ...

    async def left(self, user_id: str, session_id: str) -> None:
        """A session ended."""
        ...

    async def choose(self, user_id: str, status: Status) -> None:
        """The person wants to appear so, while online."""
        ...

    async def states(self, user_ids: Iterable[str]) -> list[PresenceState]:
        """How these people appear."""
        ...


class _Record:
    """One person's presence."""

    __slots__ = ("chosen", "last_seen", "leaving", "sessions", "shown")

    def __init__(self) -> None:
        self.sessions: set[str] = set()
        self.chosen: Status = "online"
        self.shown = "offline"
        self.last_seen: int | None = None
        self.leaving: asyncio.TimerHandle | None = None


MOST_REMEMBERED = 100_000
"""People whose last_seen is kept after they left."""


class MemoryPresence:
    """Presence of a single process."""

    def __init__(self, clock: Clock, grace_seconds: float) -> None:
        self._clock = clock
        self._grace = grace_seconds
        self._records: dict[str, _Record] = {}
        self._announcing: set[asyncio.Task[None]] = set()
        self.on_change: Changed | None = None

    async def start(self) -> None:
        """See PresenceStore."""

    async def stop(self) -> None:
        """See PresenceStore."""

    async def arrived(self, user_id: str, session_id: str) -> None:
        """See PresenceStore."""
        record = self._records.setdefault(user_id, _Record())
        record.sessions.add(session_id)
        if record.leaving is not None:
            record.leaving.cancel()
            record.leaving = None
        await self._announce(user_id, record)

    async def left(self, user_id: str, session_id: str) -> None:
        """See PresenceStore."""
        record = self._records.get(user_id)
        if record is None or session_id not in record.sessions:
            return
        record.sessions.discard(session_id)
        if not record.sessions:
            if record.chosen != "invisible":
                record.last_seen = self._clock.now()
            record.leaving = asyncio.get_running_loop().call_later(self._grace, self._gone, user_id)

    async def choose(self, user_id: str, status: Status) -> None:
        """See PresenceStore."""
        record = self._records.setdefault(user_id, _Record())
        if status == "invisible" and self._shown(record) != "offline":
            record.last_seen = self._clock.now()  # to the others, this is when the person left
        record.chosen = status
        await self._announce(user_id, record)

    async def states(self, user_ids: Iterable[str]) -> list[PresenceState]:
        """See PresenceStore."""
        return [self._state(user_id) for user_id in user_ids]

    def _gone(self, user_id: str) -> None:
        record = self._records[user_id]
        record.leaving = None
        record.chosen = "online"
        task = asyncio.create_task(self._announce(user_id, record))
        self._announcing.add(task)
        task.add_done_callback(self._announcing.discard)
        if len(self._records) > MOST_REMEMBERED:
            self._forget_one()

    def _forget_one(self) -> None:
        for user_id, record in self._records.items():
            if not record.sessions and record.leaving is None:
                del self._records[user_id]
                return

    async def _announce(self, user_id: str, record: _Record) -> None:
        shown = self._shown(record)
        if shown != record.shown:
            record.shown = shown
            if self.on_change is not None:
                await self.on_change(self._state(user_id))

    @staticmethod
    def _shown(record: _Record) -> str:
        online = bool(record.sessions) or record.leaving is not None
        return record.chosen if online and record.chosen != "invisible" else "offline"

    def _state(self, user_id: str) -> PresenceState:
        record = self._records.get(user_id)
        if record is None:
            return PresenceState(user_id=user_id, status="offline", last_seen=None)
        status = self._shown(record)
        left = None if status != "offline" else record.last_seen
        return PresenceState(
            user_id=user_id,
            status=status,  # type: ignore[arg-type]  # _shown gives just these
            last_seen=None if left is None else rfc3339(left),
        )
