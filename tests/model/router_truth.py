"""What must be true of the router's records and of what the providers got, when everything has come to rest."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

FINAL = frozenset(
    {
        *("accepted", "delivered", "unknown", "failed", "dead", "expired", "cancelled", "suppressed"),
        *("bounced", "complained"),
    }
)
_OUT = frozenset({"accepted", "delivered", "bounced", "complained"})
_WAITING = frozenset({"planned", "held", "retry_wait"})
AFTER: Mapping[str, frozenset[str]] = {
    "planned": FINAL | _WAITING,
    "held": FINAL | _WAITING,
    "retry_wait": FINAL | _WAITING,
    # Asked about, reported, sent again when it is critical, or surely not out after all.
    "unknown": FINAL | _WAITING,
    "accepted": frozenset({"delivered", "failed", "bounced", "complained"}),
    "delivered": frozenset({"bounced", "complained"}),
    "bounced": frozenset({"complained"}),
    "complained": frozenset(),
    "failed": _OUT - {"accepted"} | {"planned"},
    "dead": _OUT | {"planned"},
    "expired": frozenset(),
    "cancelled": frozenset(),
    "suppressed": frozenset(),
}
"""State -> those that may follow it; an operator's replay leads from `dead` back to `planned`."""


class Line(NamedTuple):
    """One delivery's end and its way there."""

    id: str
    channel: str
    state: str
    critical: bool
    steps: Sequence[str]
    stream: tuple[str, str | None, str]
    """(user, conversation, device)."""
    told: int | None = None
    """The last message that it told of."""


class Alert(NamedTuple):
    """A message that a provider got; `order` is from before the hub was asked."""

    delivery_id: str
    order: int


class Reading(NamedTuple):
    """From `order` on, what alerts of this stream of messages tell had been read, until the next message was begun."""

    stream: tuple[str, str | None]
    order: int
    until: int


def check(lines: Iterable[Line], alerts: Sequence[Alert], readings: Iterable[Reading] = ()) -> list[str]:
    """Everything that is wrong, in words."""
    known = {line.id: line for line in lines}
    found: list[str] = []
    for line in known.values():
        found += _ended(line)
        found += _walked(line)
    found += _doubled(known, alerts)
    found += _told_twice(known, alerts)
    found += _after_reading(known, alerts, readings)
    return found


def _ended(line: Line) -> list[str]:
    return [] if line.state in FINAL else [f"{line.id} ({line.channel}) waits for ever in {line.state}"]


def _walked(line: Line) -> list[str]:
    found, before = [], "planned"
    for state in line.steps:
        if state not in AFTER.get(before, ()):
            found.append(f"{line.id} ({line.channel}) went from {before} to {state}: {line.steps}")
        before = state
    if line.steps and before != line.state:
        found.append(f"{line.id} ({line.channel}) ended {line.state}, its trace says {before}")
    return found


def _doubled(known: Mapping[str, Line], alerts: Sequence[Alert]) -> list[str]:
    counts = Counter(each.delivery_id for each in alerts)
    found = [
        f"{key} ({known[key].channel}) was sent {count} times"
        for key, count in counts.items()
        if count > 1 and not known[key].critical
    ]
    silent = {"cancelled", "suppressed", "dead", "expired"}
    found += [f"{key} went out and is {known[key].state}" for key in counts if known[key].state in silent]
    not_out = [
        key for key, line in known.items() if line.state in _OUT and line.channel != "in_app" and key not in counts
    ]
    return found + [f"{key} is {known[key].state} and never went out" for key in not_out]


def _told_twice(known: Mapping[str, Line], alerts: Sequence[Alert]) -> list[str]:
    told = Counter(
        (*known[key].stream, known[key].channel, known[key].told)
        for key in {each.delivery_id for each in alerts}
        if known[key].told is not None
    )
    return [f"{stream} was told of the same messages {count} times" for stream, count in told.items() if count > 1]


def _after_reading(known: Mapping[str, Line], alerts: Sequence[Alert], readings: Iterable[Reading]) -> list[str]:
    return [
        f"{alert.delivery_id} ({known[alert.delivery_id].channel}) went out after it was read"
        for reading in readings
        for alert in alerts
        if reading.order < alert.order < reading.until and known[alert.delivery_id].stream[:2] == reading.stream
    ]
