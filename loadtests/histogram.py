"""A histogram of waits with a bounded error, small enough to be sent from process to process every second.

Log-linear, as HdrHistogram: 128 steps for each doubling, so no figure is off by more than 0.8 %; the longest is exact.
"""

from collections.abc import Iterable
from typing import Self

from msgspec import Struct

BITS = 8
STEPS = 1 << (BITS - 1)


def bucket(value: int) -> int:
    """The bucket of a value of 0 or more; buckets grow with their values."""
    shift = value.bit_length() - BITS
    return value if shift <= 0 else (shift << (BITS - 1)) + (value >> shift)


def highest(number: int) -> int:
    """The highest value that falls into a bucket."""
    if number < 2 * STEPS:
        return number
    shift = (number >> (BITS - 1)) - 1
    return ((number - (shift << (BITS - 1)) + 1) << shift) - 1


class Histogram(Struct):
    """Counts of values in microseconds."""

    counts: dict[int, int] = {}
    """Bucket -> how many."""
    total: int = 0
    longest: int = 0

    def record(self, seconds: float) -> None:
        """Counts a wait; one that is negative, because clocks are read one after the other, counts as 0."""
        value = max(0, int(seconds * 1_000_000))
        shift = value.bit_length() - BITS
        number = value if shift <= 0 else (shift << (BITS - 1)) + (value >> shift)
        counts = self.counts
        counts[number] = counts.get(number, 0) + 1
        self.total += 1
        self.longest = max(self.longest, value)

    def add(self, other: Self) -> None:
        """Counts all that the other has counted."""
        for number, count in other.counts.items():
            self.counts[number] = self.counts.get(number, 0) + count
        self.total += other.total
        self.longest = max(self.longest, other.longest)

    def at(self, percent: float) -> float | None:
        """Milliseconds that at least `percent` of the waits did not exceed; None when there are none."""
        (found,) = self.at_each([percent])
        return found

    def at_each(self, percents: Iterable[float]) -> list[float | None]:
        """The same for several percentages, which must rise."""
        wanted = list(percents)
        if not self.total:
            return [None] * len(wanted)
        found: list[float | None] = []
        seen = 0
        buckets = iter(sorted(self.counts.items()))
        number = 0
        for percent in wanted:
            # Rounded, because 99.9 % of 1,000 is 999 and not what floating point makes of it.
            rank = max(1, -int(-round(percent / 100 * self.total, 6) // 1))
            while seen < rank:
                number, count = next(buckets)
                seen += count
            found.append(min(highest(number), self.longest) / 1000)
        return found

    def above(self, seconds: float) -> int:
        """How many waits were longer, to the precision of the buckets."""
        limit = bucket(int(seconds * 1_000_000))
        return sum(count for number, count in self.counts.items() if number > limit)


class Percentiles(Struct, frozen=True):
    """What a set of waits looked like, in milliseconds; None where there were none."""

    count: int
    p50: float | None
    p90: float | None
    p99: float | None
    p99_9: float | None
    max: float | None


def percentiles(histogram: Histogram) -> Percentiles:
    """The figures of a histogram."""
    p50, p90, p99, p99_9 = histogram.at_each((50, 90, 99, 99.9))
    longest = histogram.longest / 1000 if histogram.total else None
    return Percentiles(histogram.total, p50, p90, p99, p99_9, longest)
