"""When things are due: an open loop, whose times are fixed before the server has answered anything.

A closed loop waits for the server and so sends less just when the server is slow; the waits of those who would have
come meanwhile are never measured ("coordinated omission"). Here every wait counts from the time in this schedule.
"""

import math
import random
from collections.abc import Iterator
from typing import Literal


def due_times(
    start: float, end: float, seconds: float, *, arrivals: Literal["poisson", "constant"], chance: random.Random
) -> Iterator[float]:
    """Times in seconds after the beginning, for a rate that goes evenly from `start` to `end` a second.

    The expected number of arrivals up to t is start*t + (end - start)*t²/(2*seconds); each arrival lies where that has
    grown by 1 (constant), or by an exponential step with mean 1 (poisson).
    """
    slope = (end - start) / seconds if seconds else 0.0
    expected = 0.0 if arrivals == "poisson" else -0.5
    while True:
        expected += chance.expovariate(1.0) if arrivals == "poisson" else 1.0
        at = _when(start, slope, expected)
        if at is None or at >= seconds:
            return
        yield at


def _when(start: float, slope: float, expected: float) -> float | None:
    """The time at which so many were expected; None when the rate falls to 0 before."""
    if slope == 0:
        return expected / start if start else None
    root = start * start + 2 * slope * expected
    return None if root < 0 else (math.sqrt(root) - start) / slope
