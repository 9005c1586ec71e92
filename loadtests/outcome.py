"""What a run has shown: the contents of run.json, and which thresholds it has passed."""

import statistics
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
from msgspec import Struct

from loadtests.histogram import Histogram, Percentiles, percentiles
from loadtests.history import Verdict
from loadtests.machine import Machine
from loadtests.recorder import WAITS, Tick
from loadtests.scenario import Scenario
from loadtests.servers import Sample

LATE_MS = 5.0
BUSY = 0.9
FEW = 200
CROWDED = 0.25
PROMISES = ("acked_lost", "duplicated", "reordered", "left_behind", "not_converged", "unanswered", "refused")


class FaultSeen(Struct, kw_only=True):
    """A fault as it happened. Times in seconds since the first phase began."""

    label: str
    began: float
    mended: float | None = None
    healed: float | None = None
    """Seconds from the mending until the last message that came more than a second late; 0 when none did."""
    problem: str = ""


class Check(Struct, frozen=True):
    """One threshold."""

    name: str
    limit: float
    value: float | None
    passed: bool


class PhaseSeen(Struct, kw_only=True):
    """One phase: where it lies, and what it showed."""

    name: str
    begins: float
    ends: float
    measured: bool
    sent: int = 0
    acked: int = 0
    received: int = 0
    delivery: Percentiles | None = None
    ack: Percentiles | None = None


class Outcome(Struct, kw_only=True):
    """A whole run."""

    version: int = 1
    hub: str
    at: str
    scenario: Scenario
    target: list[str]
    machine: Machine
    ticks: list[Tick]
    samples: list[Sample]
    faults: list[FaultSeen]
    verdict: Verdict
    generators_busy: list[float]
    """CPU of each generator, as a part of one core."""
    others: float | None = None
    """The part of the machine's work that was somebody else's; None where the hub's process is not known."""
    started: list[str] = []
    """The processes that the tool started."""
    phases: list[PhaseSeen] = []
    waits: dict[str, Percentiles] = {}
    histograms: dict[str, Histogram] = {}
    counts: dict[str, int] = {}
    figures: dict[str, float | None] = {}
    checks: list[Check] = []
    notes: list[str] = []

    @property
    def passed(self) -> bool:
        """Whether every threshold was kept to."""
        return all(check.passed for check in self.checks)

    @property
    def generator_bound(self) -> bool:
        """Whether the generator, not the hub, set the figures."""
        lag = self.waits["lag"].p99 if "lag" in self.waits else None
        return (lag or 0) > LATE_MS or max(self.generators_busy, default=0) > BUSY


def conclude(outcome: Outcome) -> None:
    """Works out everything that follows from what was recorded."""
    _phases(outcome)
    measured = [phase for phase in outcome.phases if phase.measured]
    whole: dict[str, Histogram] = {name: Histogram() for name in WAITS}
    counts: Counter[str] = Counter()
    for tick in outcome.ticks:
        counts.update(tick.counts)
        # What arrives after the last phase was still sent in it.
        if (
            any(phase.begins <= tick.second < phase.ends for phase in measured)
            or tick.second >= outcome.scenario.seconds
        ):
            for name, waits in tick.waits.items():
                whole[name].add(waits)
        else:
            for name in ("connect", "heal", "catch_up"):
                if name in tick.waits:
                    whole[name].add(tick.waits[name])
    outcome.histograms = {name: waits for name, waits in whole.items() if waits.total}
    outcome.waits = {name: percentiles(waits) for name, waits in outcome.histograms.items()}
    outcome.counts = dict(sorted(counts.items()))
    outcome.verdict.resumed = counts["resumed"]
    outcome.verdict.refused = counts["refused"]
    _heal(outcome)
    outcome.figures = _figures(outcome, measured)
    outcome.checks = _checks(outcome)
    outcome.notes = _notes(outcome)


def _phases(outcome: Outcome) -> None:
    begins = 0.0
    outcome.phases = []
    for phase in outcome.scenario.phases:
        seen = PhaseSeen(name=phase.name, begins=begins, ends=begins + phase.duration, measured=phase.measured)
        counts: Counter[str] = Counter()
        delivery, ack = Histogram(), Histogram()
        for tick in outcome.ticks:
            if seen.begins <= tick.second < seen.ends:
                counts.update(tick.counts)
                delivery.add(tick.waits.get("delivery", Histogram()))
                ack.add(tick.waits.get("ack", Histogram()))
        seen.sent, seen.acked, seen.received = counts["sent"], counts["acked"], counts["received"]
        seen.delivery, seen.ack = percentiles(delivery), percentiles(ack)
        outcome.phases.append(seen)
        begins = seen.ends


BEFORE_SECONDS = 3.0


def _heal(outcome: Outcome) -> None:
    """When messages were on time again after each fault was mended.

    A message belongs to the last fault that began before it was due, or within BEFORE_SECONDS after it: who was away of
    their own accord when it was due comes back within that time, and then meets the next fault.
    """
    late: dict[int, float] = {}
    for tick in outcome.ticks:
        for due, at in tick.late.items():
            late[due] = max(at, late.get(due, at))
    for number, fault in enumerate(outcome.faults):
        if fault.mended is None:
            continue
        following = outcome.faults[number + 1].began if number + 1 < len(outcome.faults) else float("inf")
        arrived = [at for due, at in late.items() if fault.began - BEFORE_SECONDS <= due < following - BEFORE_SECONDS]
        fault.healed = max(0.0, max(arrived, default=0.0) - fault.mended)


def _figures(outcome: Outcome, measured: Sequence[PhaseSeen]) -> dict[str, float | None]:
    """Single figures: name -> value."""
    seconds = sum(phase.ends - phase.begins for phase in measured)
    acked, received = sum(phase.acked for phase in measured), sum(phase.received for phase in measured)
    cpu = _cpu_seconds(outcome, measured)
    lags = [sample.lag_ms for sample in outcome.samples if sample.lag_ms is not None and sample.at >= 0]
    heals = [fault.healed for fault in outcome.faults if fault.healed is not None]
    return {
        "acked_per_second": acked / seconds if seconds else None,
        "received_per_second": received / seconds if seconds else None,
        "server_cpu_us_per_message": None if cpu is None or not acked else cpu / acked * 1e6,
        "server_cpu_us_per_delivery": None if cpu is None or not received else cpu / received * 1e6,
        "server_cpu_of_a_core": None if cpu is None or not seconds else cpu / seconds,
        "rss_max_mb": max((sample.rss for sample in _gateways(outcome) if sample.rss), default=0) / 1e6 or None,
        "rss_per_connection_kb": _rss_per_connection(outcome),
        "rss_growth_percent": _rss_growth(outcome, measured),
        "loop_lag_max_ms": max(lags, default=None),
        "connections_max": float(max((tick.connected for tick in outcome.ticks), default=0)),
        "healed_seconds": max(heals, default=None),
        "generator_busy": max(outcome.generators_busy, default=None),
    }


def _gateways(outcome: Outcome) -> list[Sample]:
    return [sample for sample in outcome.samples if sample.server == "hub" or sample.server.startswith("node ")]


def _series(outcome: Outcome) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {}
    for sample in _gateways(outcome):
        found.setdefault(sample.server, []).append(sample)
    return found


def _cpu_seconds(outcome: Outcome, measured: Sequence[PhaseSeen]) -> float | None:
    """CPU time of the gateways in the measured phases; steps where a process was started again are left out."""
    used, known = 0.0, False
    for samples in _series(outcome).values():
        for earlier, later in pairwise(samples):
            inside = any(phase.begins <= later.at < phase.ends for phase in measured)
            if inside and later.cpu is not None:
                used, known = used + later.cpu * (later.at - earlier.at), True
    return used if known else None


def _rss_per_connection(outcome: Outcome) -> float | None:
    """What the memory has grown by since before anybody was connected, for each connection, in kB."""
    most = max((tick.connected for tick in outcome.ticks), default=0)
    if most < FEW:
        return None  # what a few cost is lost in what a process needs anyhow
    grown = 0.0
    for samples in _series(outcome).values():
        known = [sample.rss for sample in samples if sample.rss]
        if not known:
            return None
        grown += max(known) - known[0]
    return grown / most / 1000


def _rss_growth(outcome: Outcome, measured: Sequence[PhaseSeen]) -> float | None:
    """How much more memory the gateways have in the last fifth of the measured time than in the first, in percent."""
    if not measured:
        return None
    begins, ends = measured[0].begins, measured[-1].ends
    fifth = (ends - begins) / 5
    growth: list[float] = []
    for samples in _series(outcome).values():
        first = [sample.rss for sample in samples if sample.rss and begins <= sample.at < begins + fifth]
        last = [sample.rss for sample in samples if sample.rss and ends - fifth <= sample.at < ends]
        if first and last:
            growth.append((statistics.median(last) / statistics.median(first) - 1) * 100)
    return max(growth, default=None)


def _checks(outcome: Outcome) -> list[Check]:
    found = []
    limits: dict[str, Any] = msgspec.structs.asdict(outcome.scenario.thresholds)
    for name, limit in limits.items():
        if limit is None:
            continue
        value = _value(outcome, name)
        if name.endswith("_at_least"):
            passed = value is not None and value >= limit
        else:
            # A figure that could not be measured proves nothing, and one that was asked for must be proved.
            passed = value is not None and value <= limit
        found.append(Check(name, float(limit), value, passed))
    found += [Check(f"fault: {fault.label}", 0.0, 1.0, passed=False) for fault in outcome.faults if fault.problem]
    return found


def _value(outcome: Outcome, name: str) -> float | None:
    if name in PROMISES:
        return float(getattr(outcome.verdict, name))
    waits = {"ack_p99_ms": ("ack", "p99"), "connect_p99_ms": ("connect", "p99"), "lag_p99_ms": ("lag", "p99")}
    what, figure = waits.get(name, ("delivery", name.removesuffix("_ms")))
    if name.endswith("_ms") and name != "loop_lag_max_ms":
        found: float | None = getattr(outcome.waits[what], figure) if what in outcome.waits else None
        return found
    return outcome.figures.get(name.removesuffix("_at_least"))


def _notes(outcome: Outcome) -> list[str]:
    found = []
    if outcome.generator_bound:
        lag = outcome.waits["lag"].p99 if "lag" in outcome.waits else None
        found.append(
            f"GENERATOR-BOUND: the generator was late (p99 {lag or 0:.1f} ms) or busy "
            f"({max(outcome.generators_busy, default=0):.0%} of a core). The hub may be faster than these figures: use "
            f"more `processes`, or another machine."
        )
    if (outcome.others or 0) > CROWDED:
        found.append(
            f"CROWDED: {outcome.others:.0%} of what this machine did meanwhile was somebody else's work. "
            f"Figures of time are worse than they would be alone."
        )
    limited = {name: count for name, count in outcome.counts.items() if "rate.limited" in name}
    if limited:
        found.append(
            "The hub's rate limits were reached: "
            + ", ".join(f"{name} {count:,} times" for name, count in limited.items())
            + ". To measure the hub rather than its limits, start it with HUB_RATE_LIMITS=off."
        )
    if outcome.samples and all(sample.rss is None for sample in outcome.samples):
        found.append("CPU and memory of the server are unknown: it is not on this machine and tells no /metrics.")
    return found
