"""The router's checker must find what it is for: each kind of fault, planted in records that were right."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.model.router_truth import Alert, Line, Reading, check

FAN = ("fan", "chat", "phone")


@dataclass
class Records:
    """Records without faults."""

    lines: dict[str, Line] = field(
        default_factory=lambda: {
            "a": Line("a", "push", "accepted", False, ["retry_wait", "accepted"], FAN, 3),
            "b": Line("b", "email", "bounced", False, ["held", "accepted", "delivered", "bounced"], ("fan", None, "")),
            "c": Line("c", "email", "delivered", True, ["unknown", "accepted", "delivered"], ("fan", None, "")),
            "d": Line("d", "push", "cancelled", False, ["cancelled"], FAN),
            "e": Line("e", "sms", "accepted", False, ["dead", "planned", "accepted"], ("fan", None, "")),
            "f": Line("f", "in_app", "accepted", False, [], FAN),
            "g": Line("g", "push", "unknown", False, ["unknown"], FAN, 5),
        }
    )
    alerts: list[Alert] = field(
        default_factory=lambda: [
            Alert("a", 1),
            Alert("b", 2),
            Alert("c", 3),
            Alert("c", 4),
            Alert("e", 6),
            Alert("g", 9),
        ]
    )
    readings: list[Reading] = field(default_factory=lambda: [Reading(FAN[:2], 7, 8)])

    def change(self, key: str, **changes: object) -> None:
        self.lines[key] = self.lines[key]._replace(**changes)


FAULTS: list[tuple[Callable[[Records], object], str]] = [
    (lambda right: right.change("a", state="planned", steps=[]), "waits for ever in planned"),
    (lambda right: right.change("d", state="ready", steps=[]), "waits for ever in ready"),
    (lambda right: right.change("a", state="sending", steps=[]), "waits for ever in sending"),
    (lambda right: right.change("b", steps=["bounced", "delivered", "bounced"]), "went from bounced to delivered"),
    (lambda right: right.change("d", state="accepted", steps=["cancelled", "accepted"]), "from cancelled to accepted"),
    (lambda right: right.change("a", steps=["accepted", "retry_wait", "accepted"]), "from accepted to retry_wait"),
    (lambda right: right.change("a", state="failed"), "ended failed, its trace says accepted"),
    (lambda right: right.change("a", state="nowhere", steps=["nowhere"]), "from planned to nowhere"),
    (lambda right: right.alerts.append(Alert("a", 11)), "was sent 2 times"),
    (lambda right: right.alerts.append(Alert("d", 11)), "went out and is cancelled"),
    (lambda right: right.alerts.remove(Alert("b", 2)), "is bounced and never went out"),
    (lambda right: right.change("g", told=3), "told of the same messages 2 times"),
    (lambda right: right.readings.append(Reading(FAN[:2], 8, 10)), "g (push) went out after it was read"),
]


def test_records_without_faults_pass() -> None:
    right = Records()

    assert check(right.lines.values(), right.alerts, right.readings) == []


@pytest.mark.parametrize(("plant", "found"), FAULTS, ids=[found for _, found in FAULTS])
def test_a_planted_fault_is_found(plant: Callable[[Records], object], found: str) -> None:
    records = Records()

    plant(records)

    faults = check(records.lines.values(), records.alerts, records.readings)
    assert any(found in each for each in faults), faults
