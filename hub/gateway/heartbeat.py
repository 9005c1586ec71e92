"""Pings all connections of a process with one timer, and finds those that do not answer.

Every connection waits the same time, so whoever is appended last is due last: two queues do what a timer or a task for
each connection would.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

AT_ONCE = 256
"""Connections that are looked at before the loop gets a turn."""


class Pinged(Protocol):
    """A connection that is watched."""

    closed: bool
    heard: float
    """Loop time of its last sign of life."""

    def ping(self) -> None:
        """Sends a ping."""

    def silent(self) -> None:
        """It has not answered in time."""


class Heartbeat:
    """Watches connections: each is pinged every `interval` seconds and must answer within `timeout` seconds."""

    def __init__(self, interval: float, timeout: float) -> None:
        self._interval = interval
        self._timeout = timeout
        self._due: deque[tuple[float, Pinged]] = deque()
        self._asked: deque[tuple[float, Pinged]] = deque()
        self._timer: asyncio.TimerHandle | asyncio.Handle | None = None

    def watch(self, connection: Pinged) -> None:
        """Begins to ping a connection; it ends by itself once the connection is closed."""
        self._due.append((asyncio.get_running_loop().time() + self._interval, connection))
        self._schedule()

    def stop(self) -> None:
        """Watches nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._due.clear()
        self._asked.clear()

    def _schedule(self) -> None:
        if self._timer is None and (self._due or self._asked):
            first = min(queue[0][0] for queue in (self._due, self._asked) if queue)
            self._timer = asyncio.get_running_loop().call_at(first, self._tick)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        now = loop.time() + 0.001  # a timer may be a moment early
        left = AT_ONCE
        while self._asked and self._asked[0][0] <= now and left:
            deadline, connection = self._asked.popleft()
            left -= 1
            if not connection.closed and connection.heard < deadline - self._timeout:
                connection.silent()
        while self._due and self._due[0][0] <= now and left:
            _, connection = self._due.popleft()
            left -= 1
            if not connection.closed:
                connection.ping()
                asked = loop.time()
                self._asked.append((asked + self._timeout, connection))
                self._due.append((asked + self._interval, connection))
        if left:
            self._schedule()
        else:
            self._timer = loop.call_soon(self._tick)
