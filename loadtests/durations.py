"""Times in scenario files: a number of seconds, or `250ms`, `90s`, `10m`, `1h`."""

import re
from typing import Any

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
WRITTEN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)")


class Seconds(float):
    """A time in seconds."""

    __slots__ = ()


def seconds_of(value: Any) -> Seconds:
    """The time that was written. Raises ValueError."""
    if isinstance(value, str) and (found := WRITTEN.fullmatch(value.strip())):
        return Seconds(float(found[1]) * UNITS[found[2]])
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return Seconds(value)
    raise ValueError(f"write a time as seconds or as in `90s`, `10m`, not {value!r}")
