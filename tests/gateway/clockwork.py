"""A loop whose time stands still until the test moves it, and a peer who reads when the test says so."""

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any

from hub.gateway import frames
from hub.gateway.frames import Frame, Priority
from hub.gateway.outbox import Flusher, Outbox

BEGIN = 1_000.0


class Clockwork(asyncio.SelectorEventLoop):
    """asyncio's loop, with timers that depend on the test alone."""

    def __init__(self) -> None:
        super().__init__()
        self.now = BEGIN

    def time(self) -> float:
        return self.now


def on_clockwork(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Runs the test on such a loop."""

    @functools.wraps(test)
    def run(*arguments: Any, **fixtures: Any) -> None:
        with asyncio.Runner(loop_factory=Clockwork) as runner:
            runner.run(test(*arguments, **fixtures))

    return run


async def turn() -> None:
    """Until what was due at the end of the loop's turn is done."""
    for _ in range(3):
        await asyncio.sleep(0)


async def later(seconds: float) -> None:
    """As if so much time had passed, with all that was due in it done."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Clockwork)
    loop.now += seconds
    await turn()


class Reader:
    """A socket whose peer reads all at once, when it is told to; `room` bytes fit on the way."""

    def __init__(self, outbox: Outbox, room: int | None = None) -> None:
        self.paused = False
        self.writes: list[bytes] = []
        self.room = room
        self._outbox = outbox
        self._unread = 0

    def write(self, data: bytes) -> None:
        self.writes.append(data)
        if self.room is None:
            return
        self._unread += len(data)
        if self._unread > self.room and not self.paused:
            self.paused = True
            self._outbox.pause()

    def pending(self) -> int:
        return self._unread

    def read(self) -> None:
        """The peer takes all that is on the way."""
        self._unread = 0
        if self.paused:
            self.paused = False
            self._outbox.resume()

    @property
    def texts(self) -> list[str]:
        """What came, frame by frame."""
        return [text for write in self.writes for text in texts(write)]


class Desk:
    """One socket's outbox with its peer, and how often it was given up."""

    def __init__(self, room: int | None = None, *, most_bytes: int = 1_000, flusher: Flusher | None = None) -> None:
        self.given_up = 0
        self.outbox = Outbox(flusher or Flusher(most_bytes=most_bytes), self._give_up)
        self.reader = Reader(self.outbox, room)
        self.outbox.sink = self.reader

    def _give_up(self) -> None:
        self.given_up += 1


async def behind(**options: Any) -> Desk:
    """A desk whose peer has not read what it was given first, so that everything from now on waits."""
    desk = Desk(0, **options)
    desk.outbox.push(say("first"))
    await turn()
    assert desk.reader.paused
    return desk


def say(text: str, **more: Any) -> Frame:
    return frames.from_data(text.encode(), **more)


def low(text: str, priority: Priority, key: str) -> Frame:
    return say(text, priority=priority, key=key)


def entry(rev: int, *, of: str = "c", priority: Priority = Priority.MESSAGE) -> Frame:
    """An entry of a conversation's log."""
    return say(f"{of}{rev}", rev=rev, priority=priority, key=of)


def texts(written: bytes) -> list[str]:
    """The payloads of unmasked WebSocket text frames."""
    found = []
    while written:
        length, start = written[1], 2
        if length == 126:
            length, start = int.from_bytes(written[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(written[2:10], "big"), 10
        found.append(written[start : start + length].decode())
        written = written[start + length :]
    return found
