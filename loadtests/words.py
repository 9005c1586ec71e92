"""A run's outcome as text for the terminal."""

from loadtests.figures import table
from loadtests.histogram import Percentiles
from loadtests.history import sentence
from loadtests.outcome import Outcome

NAMES = {
    "delivery": "to the other members",
    "ack": "to the sender's ack",
    "read": "to a receipt's ack",
    "connect": "to session.ready",
    "catch_up": "caught up after an absence",
    "heal": "gap or lost connection, until healed",
    "lag": "generator's own lateness",
}


def milliseconds(value: float | None) -> str:
    """A wait as people read it."""
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 1000 else f"{value:,.0f}"


def figure(value: float | None) -> str:
    """Any figure as people read it."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:,.2f}"


def summary(outcome: Outcome) -> str:
    """Everything that matters, for the terminal."""
    where = ", ".join(outcome.started) or ", ".join(outcome.target)
    rows = [_row(NAMES[name], waits) for name, waits in outcome.waits.items()]
    lines = [
        f"\n{outcome.scenario.name}: {outcome.scenario.seconds:g} s, {where}",
        "",
        table(("ms, from when it was due", "count", "p50", "p90", "p99", "p99.9", "max"), rows),
        "",
        *(
            f"  {name.replace('_', ' ')}: {figure(value)}"
            for name, value in outcome.figures.items()
            if value is not None
        ),
    ]
    if outcome.faults:
        lines += ["", *(_fault(each) for each in outcome.faults)]
    lines += ["", f"  {sentence(outcome.verdict)}", *(f"    {each}" for each in outcome.verdict.examples[:8])]
    lines += [f"  note: {note}" for note in outcome.notes]
    lines.append("")
    for check in outcome.checks:
        word = "pass" if check.passed else "FAIL"
        bound = "at least" if check.name.endswith("_at_least") else "at most"
        value = "not measured" if check.value is None else figure(check.value)
        lines.append(f"  {word}  {check.name} {value} ({bound} {figure(check.limit)})")
    lines.append("PASSED" if outcome.passed else "FAILED")
    return "\n".join(lines)


def _row(name: str, waits: Percentiles) -> tuple[str, ...]:
    figures = (waits.p50, waits.p90, waits.p99, waits.p99_9, waits.max)
    return (name, f"{waits.count:,}", *map(milliseconds, figures))


def _fault(fault: object) -> str:
    healed = getattr(fault, "healed", None)
    problem = getattr(fault, "problem", "")
    end = problem or (f"healed in {healed:.2f} s" if healed is not None else "was not mended")
    return f"  fault at {getattr(fault, 'began', 0):.0f} s: {getattr(fault, 'label', '')}: {end}"
