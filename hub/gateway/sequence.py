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
    """What one room has passed on."""

    __slots__ = ("early", "last", "timer")

    def __init__(self, last: int) -> None:
        self.last = last
        self.early: dict[int, Frame] = {}
        self.timer: asyncio.TimerHandle | None = None


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
            self._logs[room] = _Log(rev)
            self._deliver(room, frame)
        elif rev == log.last + 1:
            log.last = rev
            self._deliver(room, frame)
            if log.early:
                self._catch_up(room, log)
        elif rev <= log.last:
            doubles.inc()
        else:
            log.early[rev] = frame
            if len(log.early) > MOST_EARLY:
                self._give_up(room)
            elif log.timer is None:
                log.timer = asyncio.get_running_loop().call_later(self._patience, self._give_up, room)

    def known(self, room: str, rev: int) -> None:
        """A member holds the log up to `rev`: where a room that has passed nothing on begins."""
        if room not in self._logs:
            self._logs[room] = _Log(rev)

    def forget(self, room: str) -> None:
        """Nobody is in the room any more."""
        log = self._logs.pop(room, None)
        if log is not None and log.timer is not None:
            log.timer.cancel()

    def _catch_up(self, room: str, log: _Log) -> None:
        while (frame := log.early.pop(log.last + 1, None)) is not None:
            log.last += 1
            self._deliver(room, frame)
        if not log.early and log.timer is not None:
            log.timer.cancel()
            log.timer = None

    def _give_up(self, room: str) -> None:
        log = self._logs[room]
        if log.timer is not None:
            log.timer.cancel()
            log.timer = None
        gaps.inc()
        for rev in sorted(log.early):
            log.last = rev
            self._deliver(room, log.early[rev])
        log.early.clear()
        self._declare(room)
