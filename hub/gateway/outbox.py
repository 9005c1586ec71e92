"""What waits to be written to one socket: joined into one write per flush, bounded in bytes, by priority when slow.

A socket that takes what it is given costs one list: frames gather in `waiting` and go out together. Only a socket whose
peer does not read gets a `Backlog`, where money goes first, of what is only worth its latest state one frame a key is
kept, and beyond the bound the socket is given up: its person gets everything by syncing on the next connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

import structlog

from hub.gateway.backlog import Backlog
from hub.gateway.frames import Frame

log = structlog.get_logger()

MOST_BYTES = 1_000_000
"""What may wait for one socket, beside what its transport and the kernel hold."""
BURST = 8
GRACE_SECONDS = 0.5
"""A socket may be so many times over the bound for so long."""
STALL_SECONDS = 4.0
"""Who asks and takes nothing of the answer for this long does not read."""
MOST_AT_ONCE = 131_072
"""More than this is handed to a transport in pieces, so that it can say that its peer is slow."""


class Sink(Protocol):
    """Where an outbox writes to."""

    paused: bool
    """Whether it asked to be given nothing more for now."""

    def write(self, data: bytes) -> None:
        """Takes bytes; never waits."""
        ...

    def pending(self) -> int:
        """Bytes that it was given and the kernel has not taken."""
        ...


class Outbox:
    """The waiting frames of one socket. Nothing here waits or raises."""

    __slots__ = ("_backlog", "_drained", "_flusher", "_grace", "closed", "on_overflow", "on_ready", "sink", "waiting")

    def __init__(self, flusher: Flusher, on_overflow: Callable[[], None]) -> None:
        self._flusher = flusher
        self.waiting: list[Frame] = []
        self.sink: Sink | None = None
        """The socket; None while it cannot take anything (long-polling between polls, a full transport)."""
        self.on_ready: Callable[[], None] | None = None
        """Long-polling: called when something waits."""
        self.on_overflow = on_overflow
        self.closed = False
        self._backlog: Backlog | None = None
        self._drained: asyncio.Future[None] | None = None
        self._grace: asyncio.TimerHandle | None = None

    @property
    def blocked(self) -> bool:
        """Whether the peer is behind."""
        return self._backlog is not None

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return sum(len(frame.wire) for frame in self.waiting) + (self._backlog.bytes if self._backlog else 0)

    @property
    def empty(self) -> bool:
        """Whether all was handed on."""
        return not self.waiting and self._backlog is None

    def push(self, frame: Frame) -> None:
        """Adds a frame to the next flush; `Fanout.deliver` has this inlined."""
        if not self.waiting:
            self._flusher.add(self)
        self.waiting.append(frame)

    def send(self, frame: Frame) -> None:
        """Writes a frame at once when nothing is before it; for answers to the socket's own requests."""
        if self.sink is not None and not self.waiting and self._backlog is None:
            self.sink.write(frame.wire)
        elif not self.closed:
            self.push(frame)

    def flush(self) -> None:
        """Hands what waits to the socket."""
        frames = self.waiting
        if not frames or self.closed:
            frames.clear()
            return
        self.waiting = []
        if self.sink is None or self._backlog is not None:
            self._keep(frames)
        elif len(frames) == 1:
            self.sink.write(frames[0].wire)
        else:
            joined = b"".join([frame.wire for frame in frames])
            if len(joined) <= MOST_AT_ONCE:
                self.sink.write(joined)
            else:
                self._keep(frames)
                self.resume()

    def _keep(self, frames: Iterable[Frame]) -> None:
        backlog = self._backlog
        if backlog is None:
            backlog = self._backlog = Backlog()
        for frame in frames:
            backlog.put(frame)
        if backlog.bytes > self._flusher.most_bytes:
            self._too_much(backlog)
        if self.on_ready is not None:
            self.on_ready()

    def _too_much(self, backlog: Backlog) -> None:
        """A burst may pass the bound for a moment, since nobody can take it before the loop's next turn."""
        if backlog.bytes > self._flusher.most_bytes * BURST:
            self.on_overflow()
        elif self._grace is None:
            self._grace = asyncio.get_running_loop().call_later(GRACE_SECONDS, self._judge)

    def _judge(self) -> None:
        self._grace = None
        if self._backlog is not None and self._backlog.bytes > self._flusher.most_bytes and not self.closed:
            self.on_overflow()

    def pause(self) -> None:
        """The transport is full: what comes from now on is kept here."""
        if self._backlog is None:
            self._backlog = Backlog()

    def resume(self) -> None:
        """The transport can take more: gives it what it takes, the most important first."""
        backlog = self._backlog
        while backlog is not None and self.sink is not None:
            chunk = backlog.take(MOST_AT_ONCE // 2)
            if not backlog:
                self._end_backlog()
                backlog = None
            if chunk:
                self.sink.write(b"".join([frame.wire for frame in chunk]))
            if self.sink.paused:
                self.pause()
                return

    def take(self, most_bytes: int) -> list[Frame]:
        """Long-polling: what the next answer carries, at most so many bytes but at least one frame."""
        if self.waiting:
            frames, self.waiting = self.waiting, []
            backlog = self._backlog or Backlog()
            self._backlog = backlog
            for frame in frames:
                backlog.put(frame)
        if self._backlog is None:
            return []
        taken = self._backlog.take(most_bytes)
        if not self._backlog:
            self._end_backlog()
        return taken

    def discard(self) -> None:
        """Ends it: nothing more is taken, and what waits is forgotten."""
        self.closed = True
        self.sink = None
        self.waiting.clear()
        self._end_backlog()

    async def drained(self) -> None:
        """Until the peer has caught up, or the socket is gone; a peer that takes nothing for long is given up."""
        while (backlog := self._backlog) is not None and not self.closed:
            before = self._behind(backlog)
            if self._drained is None:
                self._drained = asyncio.get_running_loop().create_future()
            await asyncio.wait((self._drained,), timeout=STALL_SECONDS)
            # Between polls nothing can go; a poller that does not come back is found by its heartbeat.
            stuck = self.sink is not None and self._backlog is backlog and self._behind(backlog) >= before
            if stuck and not self.closed:
                self.on_overflow()

    def _behind(self, backlog: Backlog) -> int:
        return backlog.bytes + (self.sink.pending() if self.sink is not None else 0)

    def _end_backlog(self) -> None:
        self._backlog = None
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None
        if self._drained is not None:
            if not self._drained.done():
                self._drained.set_result(None)
            self._drained = None


BUSY_WRITES = 64
"""A flush of more sockets than this is work enough to wait for more frames before the next."""
GATHER_SECONDS = 0.002


class Flusher:
    """Flushes the outboxes of a process: at the end of the loop's turn when idle, every 2 ms under load."""

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._dirty: list[Outbox] = []
        self._busy_until = 0.0
        self._scheduled = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, outbox: Outbox) -> None:
        """Has the outbox flushed soon."""
        self._dirty.append(outbox)
        if not self._scheduled:
            self._schedule()

    def dirty(self) -> list[Outbox]:
        """The outboxes of the next flush, for `Fanout.deliver`, which adds many."""
        if not self._scheduled:
            self._schedule()
        return self._dirty

    def flush(self) -> None:
        """Flushes all that wait now."""
        self._scheduled = False
        ready, self._dirty = self._dirty, []
        for outbox in ready:
            try:
                outbox.flush()
            except Exception:  # one socket's trouble must not keep the others' frames back
                log.exception("gateway.flush_failed")
        if len(ready) > BUSY_WRITES:
            self._busy_until = self._running().time() + GATHER_SECONDS

    def _schedule(self) -> None:
        self._scheduled = True
        loop = self._running()
        if loop.time() < self._busy_until:
            loop.call_later(GATHER_SECONDS, self.flush)
        else:
            loop.call_soon(self.flush)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:  # asking each time would cost a system call
            self._loop = asyncio.get_running_loop()
        return self._loop
