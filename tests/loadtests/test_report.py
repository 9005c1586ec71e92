from collections import Counter
from pathlib import Path

import msgspec
import pytest

from loadtests.histogram import Histogram
from loadtests.history import Verdict
from loadtests.machine import Machine
from loadtests.outcome import FaultSeen, Outcome, conclude
from loadtests.recorder import Tick
from loadtests.report import html, series, write_all
from loadtests.scenario import parse
from loadtests.servers import Sample
from loadtests.timecharts import Chart, Series, svg
from loadtests.words import summary

SCENARIO = """\
name: told
people: 4
topology: { gateways: 1, database: postgresql }
phases:
  - { name: warm, duration: 2s, rate: 1, measured: false }
  - { name: <go>, duration: 8s, rate: 10 }
faults:
  - { at: 3s, do: kill_node, for: 1s }
  - { at: 6s, do: pause_node, for: 1s }
thresholds: { p99_ms: 50, healed_seconds: 2, acked_per_second_at_least: 9, rss_growth_percent: 10 }
"""


def waits(*seconds: float) -> Histogram:
    histogram = Histogram()
    for each in seconds:
        histogram.record(each)
    return histogram


def an_outcome(*, wait: float = 0.01, faults: bool = True) -> Outcome:
    ticks = [
        Tick(
            second=second,
            counts=Counter(sent=10, acked=10, received=20, resumed=1),
            waits={"delivery": waits(*[wait] * 20), "ack": waits(0.002), "lag": waits(0.001)},
            connected=4,
        )
        for second in range(11)
    ]
    outcome = Outcome(
        hub="1",
        at="2030-01-01T00:00:00+00:00",
        scenario=parse(SCENARIO),
        target=["http://127.0.0.1:1"],
        machine=Machine("a processor", 2, "3.11", "a system", 0.1, 0.2),
        ticks=ticks,
        samples=[Sample("hub", float(at), cpu=0.5, rss=100_000_000, lag_ms=1.0) for at in range(10)],
        faults=[],
        verdict=Verdict(acked=110, received=220, places=4),
        generators_busy=[0.1],
        started=["1 gateway"],
    )
    if faults:
        outcome.faults = [
            FaultSeen(label="kill -9 node 0 for 1 s", began=3.0, mended=4.0),
            FaultSeen(label="pause node 0 for 1 s", began=6.0, mended=7.0),
        ]
    return outcome


def checks(outcome: Outcome) -> dict[str, bool]:
    conclude(outcome)
    return {check.name: check.passed for check in outcome.checks}


def test_a_run_that_keeps_to_everything_passes() -> None:
    outcome = an_outcome()
    assert all(checks(outcome).values())
    assert outcome.passed
    assert outcome.figures["acked_per_second"] == pytest.approx(10)
    assert outcome.figures["server_cpu_us_per_message"] == pytest.approx(0.5 / 10 * 1e6, rel=0.2)


def test_a_phase_that_only_warms_up_does_not_count() -> None:
    outcome = an_outcome()
    outcome.ticks[1].waits["delivery"] = waits(*[5.0] * 100)
    assert checks(outcome)["p99_ms"]
    outcome.ticks[3].waits["delivery"] = waits(*[5.0] * 100)
    assert not checks(outcome)["p99_ms"]


def test_healing_ends_with_the_last_late_message_that_was_due_before_the_next_fault() -> None:
    outcome = an_outcome()
    outcome.ticks[8].late = {1: 5.5, 2: 8.5, 6: 7.2}
    conclude(outcome)
    assert [fault.healed for fault in outcome.faults] == [pytest.approx(4.5), pytest.approx(0.2)]
    assert not checks(outcome)["healed_seconds"]


def test_a_fault_that_could_not_be_made_fails_the_run() -> None:
    outcome = an_outcome()
    outcome.faults[0].problem = "OSError: no"
    assert not checks(outcome)["fault: kill -9 node 0 for 1 s"]


def test_a_figure_that_was_asked_for_and_not_measured_fails_the_run() -> None:
    outcome = an_outcome(faults=False)
    assert not checks(outcome)["healed_seconds"]


def test_a_broken_promise_fails_the_run_whatever_the_thresholds_say() -> None:
    outcome = an_outcome()
    outcome.verdict.left_behind = 1
    assert checks(outcome)["left_behind"] is False
    assert not outcome.passed


def test_a_late_generator_is_told() -> None:
    outcome = an_outcome()
    outcome.ticks[5].waits["lag"] = waits(*[0.5] * 10)
    conclude(outcome)
    assert outcome.generator_bound
    assert "GENERATOR-BOUND" in summary(outcome)
    assert "GENERATOR-BOUND" in html(outcome)


def test_the_report_says_everything_and_escapes_what_it_was_given() -> None:
    outcome = an_outcome()
    conclude(outcome)
    page = html(outcome)
    for said in ("&lt;go&gt;", "Every promise was kept", "1 kill -9 node 0", "✓ pass", "a processor", "Loop lag"):
        assert said in page
    assert "<go>" not in page


def test_a_report_of_nothing_can_be_read() -> None:
    outcome = an_outcome(faults=False)
    outcome.ticks, outcome.samples, outcome.verdict = [], [], Verdict()
    conclude(outcome)
    assert "Nothing was measured" in html(outcome)
    assert "Nothing was checked" in summary(outcome)
    assert not outcome.passed


def test_the_three_files_are_written(tmp_path: Path) -> None:
    outcome = an_outcome()
    conclude(outcome)
    write_all(outcome, tmp_path)
    assert msgspec.json.decode((tmp_path / "run.json").read_bytes())["passed"] is True
    assert (tmp_path / "series.csv").read_text().count("\n") == 12
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_a_series_has_a_column_for_each_server() -> None:
    outcome = an_outcome()
    conclude(outcome)
    head = series(outcome).splitlines()[0]
    assert head.startswith("second,sessions,sent,acked,received")
    assert head.endswith("hub_cpu,hub_rss_bytes,hub_loop_lag_ms")


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("values", [[0.0], [None, 1.0, None], [1e-9, 1e9], [0.0, 0.0], [5.0] * 3])
def test_any_values_can_be_drawn(values: list[float | None], log: bool) -> None:  # noqa: FBT001
    chart = Chart(
        name="x",
        title="t",
        about="a",
        xs=[float(number) for number in range(len(values))],
        series=[Series("s", values, "c0")],
        shown=str,
        log=log,
    )
    assert "nan" not in svg(chart)
    assert "<path" in svg(chart)
