"""Puts the entries of a conversation's log into order before they reach sockets.

Two nodes may commit entries 5 and 6 and publish them at the same moment, so that a third hears 6 first. Each room
remembers the last entry that it passed on; what comes early waits a moment for what is missing, what comes twice is
dropped, and a hole that does not fill is declared: the room is told to ask.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from prometheus_client import Counter

from hub.gateway.frames import Frame

PATIENCE_SECONDS = 0.25
"""How long an entry may wait for an earlier one; commits and the bus differ by milliseconds."""
MOST_EARLY = 256
gaps = Counter("hub_bus_gaps_total", "Holes in a room's log that did not fill")
doubles = Counter("hub_bus_doubles_total", "Entries that reached this node twice")

Deliver = Callable[[str, Frame], None]


class _Log:
    """What one room has passed on: everything after `begun` up to `last`, but for the holes."""

    __slots__ = ("begun", "early", "holes", "known", "last", "older", "timer")

    def __init__(self, begun: int, *, known: bool) -> None:
        self.begun = begun
        self.known = known
        """Whether a member said where it begins; otherwise the first entry that came did."""
        self.last = begun
        self.early: dict[int, Frame] = {}
        self.holes: set[int] = set()
        self.older: set[int] = set()
        """Entries up to `begun` that came after the first, while nobody has said where the log begins."""
        self.timer: asyncio.TimerHandle | None = None

    def is_double(self, rev: int) -> bool:
        """Whether an entry up to `last` was passed on already, or came with every member's snapshot.

        One that was given up is passed on when it comes.
        """
        if rev in self.holes:
            self.holes.discard(rev)
            return False
        if rev > self.begun or rev in self.older:
            return True
        if len(self.older) < MOST_EARLY:
            self.older.add(rev)
        return False


class Sequencer:
    """Passes frames on to `deliver`, each room's entries in order and once; `declare` is told of holes."""

    def __init__(
        self, deliver: Deliver, declare: Callable[[str], None], *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._deliver = deliver
        self._declare = declare
        self._patience = patience_seconds
        self._logs: dict[str, _Log] = {}

    def take(self, room: str, frame: Frame) -> None:
        """Takes a frame from the bus."""
        rev = frame.rev
        if rev is None:
            self._deliver(room, frame)
            return
        log = self._logs.get(room)
        if log is None:
            log = self._logs[room] = _Log(rev - 1, known=False)
        if rev == log.last + 1:
            log.last = rev
            self._deliver(room, frame)
            if log.early:
                self._catch_up(room, log)
        elif rev > log.last:
            log.early[rev] = frame
            if len(log.early) > MOST_EARLY:
                self._give_up(room)
            elif log.timer is None:
                log.timer = asyncio.get_running_loop().call_later(self._patience, self._give_up, room)
        elif log.is_double(rev):
            doubles.inc()
        else:
            self._deliver(room, frame)

    def known(self, room: str, rev: int) -> None:
        """A member holds the log up to `rev`: where a room that has passed nothing on yet begins."""
        log = self._logs.get(room)
        if log is None:
            self._logs[room] = _Log(rev, known=True)
        else:
            log.known = True
            if rev < log.begun:
                log.holes.update(set(range(max(rev, log.begun - MOST_EARLY) + 1, log.begun + 1)) - log.older)
                log.begun = rev
                if log.holes:
                    asyncio.get_running_loop().call_later(self._patience, self._declare_holes, room, log)

    def forget(self, room: str) -> None:
        """Nobody is in the room any more."""
        log = self._logs.pop(room, None)
        if log is not None and log.timer is not None:
            log.timer.cancel()

    def _catch_up(self, room: str, log: _Log) -> None:
        while (frame := log.early.pop(log.last + 1, None)) is not None:
            log.last += 1
            self._deliver(room, frame)
        if log.timer is not None:
            log.timer.cancel()
            # Each hole has its own patience: with busy nodes something is always early.
            loop = asyncio.get_running_loop()
            log.timer = loop.call_later(self._patience, self._give_up, room) if log.early else None

    def _declare_holes(self, room: str, log: _Log) -> None:
        if log.holes and self._logs.get(room) is log:
            gaps.inc()
            self._declare(room)

    def _give_up(self, room: str) -> None:
        log = self._logs[room]
        if log.timer is not None:
            log.timer.cancel()
            log.timer = None
        gaps.inc()
        early, log.early = log.early, {}
        for rev in sorted(early):
            if len(log.holes) < MOST_EARLY:
                log.holes.update(range(log.last + 1, min(rev, log.last + MOST_EARLY)))
            log.last = rev
            self._deliver(room, early[rev])
        self._declare(room)
