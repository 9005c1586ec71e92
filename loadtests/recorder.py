"""What a generator counts and measures, second by second."""

import time
from collections import Counter

from msgspec import Struct, field

from loadtests.histogram import Histogram

LATE_SECONDS = 1.0
"""A message that arrives later than this after it was due shows that something is broken or being mended."""

WAITS = ("delivery", "ack", "read", "connect", "catch_up", "heal", "lag")
"""delivery: from when a message was due to each other member's socket; ack: to the sender's ack; read: of a receipt;
connect: until session.ready; catch_up: messages that were due while sender or
receiver was away; heal: from a gap or a lost
connection until the client holds everything again; lag: how late the generator itself was."""


class Tick(Struct):
    """One second of a run."""

    second: int
    """Since the first phase began; -1 is before."""
    counts: dict[str, int] = field(default_factory=Counter)
    """What happened -> how often; 0 for what did not."""
    waits: dict[str, Histogram] = {}
    connected: int = 0
    late: dict[int, float] = {}
    """The second in which late messages were due -> when the last of them arrived; since the first phase began."""

    def __post_init__(self) -> None:
        self.counts = Counter(self.counts)

    def add(self, other: "Tick") -> None:
        """Adds what another generator has seen in the same second."""
        for name, count in other.counts.items():
            self.counts[name] += count
        for name, waits in other.waits.items():
            self.waits.setdefault(name, Histogram()).add(waits)
        self.connected += other.connected
        for due, at in other.late.items():
            self.late[due] = max(at, self.late.get(due, at))


class Recorder:
    """Collects until `take`."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        """When the first phase began; set once that is known."""
        self._tick = Tick(second=-1)

    def count(self, what: str, by: int = 1) -> None:
        """Something happened."""
        self._tick.counts[what] += by

    def wait(self, what: str, seconds: float) -> None:
        """Something took its time."""
        waits = self._tick.waits.get(what)
        if waits is None:
            waits = self._tick.waits[what] = Histogram()
        waits.record(seconds)

    def arrived(self, due: float, at: float, ready_at: float, *, excused: bool) -> None:
        """A message came to somebody else than its sender, whose session began at `ready_at`.

        `due` is negative when the scenario had taken the sender's connection away, `excused` is true when it had taken
        the receiver's: then being late shows no fault.
        """
        took = at - abs(due)
        # What nobody could send or have sooner is told apart, because it says nothing about the hub.
        self.wait("delivery" if due >= ready_at else "catch_up", took)
        if due < 0 or excused:
            return
        if took > LATE_SECONDS:
            self._tick.late[int(due - self.began)] = at - self.began

    def take(self, second: int, connected: int) -> Tick:
        """What was collected since the last time, as that second's."""
        tick, self._tick = self._tick, Tick(second=second + 1)
        tick.second, tick.connected = second, connected
        return tick
