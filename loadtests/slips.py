"""What became of push messages whose conversation was read at about the time when they were due."""

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from loadtests.provider import Seen


class Reading(Struct, frozen=True, array_like=True):
    """One person with one unread message. Times by `time.monotonic`."""

    name: str
    due_at: float
    began_at: float | None
    """Just before the read mark's COMMIT; None: never read."""
    known_at: float | None
    """When the reader was told that it is committed."""


class Slips(Struct, frozen=True):
    """The count."""

    read_first: int
    """Read marks whose commit began before a push was at the provider: of these the others are."""
    cancelled: int
    slipped: list[float]
    """Seconds from when the reader knew until the push was at the provider, the longest first; 0: during the commit."""
    early: int
    """Told although they knew that they had read before it was due."""
    lost: int
    """Never read, and not told either."""
    doubled: int

    def beyond(self, round_trip: float) -> int:
        """How many slipped through by more than this, in seconds."""
        return sum(1 for each in self.slipped if each > round_trip)


def judge(readings: Sequence[Reading], seen: Iterable[Seen]) -> Slips:
    """Compares when people read with when they were told."""
    told: dict[str, float] = {}
    times: Counter[str] = Counter()
    for each in seen:
        told[each.name] = max(each.at, told.get(each.name, 0.0))
        times[each.name] += 1
    slipped, cancelled, early, lost = [], 0, 0, 0
    for reading in readings:
        at = told.get(reading.name)
        if reading.began_at is None or reading.known_at is None:
            lost += at is None
        elif at is None:
            cancelled += 1
        elif at > reading.began_at:
            slipped.append(max(0.0, at - reading.known_at))
            early += reading.known_at < reading.due_at
    return Slips(
        read_first=cancelled + len(slipped),
        cancelled=cancelled,
        slipped=sorted(slipped, reverse=True),
        early=early,
        lost=lost,
        doubled=sum(count - 1 for count in times.values()),
    )
