from pathlib import Path

import pytest

from loadtests.scenario import Mix, Ramp, ScenarioError, load, parse

SCENARIOS = sorted((Path(__file__).parents[2] / "loadtests" / "scenarios").glob("*.yaml"))

FINE = """\
name: a-test
people: 10
target: { url: "http://127.0.0.1:8080" }
mix: { message: 2, read: 1 }
phases:
  - name: one
    duration: 1m
    rate: { start: 1, end: 5 }
  - name: two
    duration: 500ms
    rate: 7
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "a.yaml")
    return caught.value.problems


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_scenarios_that_come_with_the_tool_can_be_run(path: Path) -> None:
    assert load(path).name == path.stem


def test_a_scenario_is_read() -> None:
    scenario = parse(FINE)
    assert [phase.duration for phase in scenario.phases] == [60, 0.5]
    assert scenario.phases[0].ramp == Ramp(start=1, end=5)
    assert scenario.mix_of(scenario.phases[1]) == Mix(message=2, read=1)
    assert scenario.seconds == 60.5


def test_a_misspelt_field_is_told_with_its_line_and_the_right_one() -> None:
    (problem,) = problems(FINE.replace("duration: 1m", "duraton: 1m"))
    assert problem.startswith("a.yaml:7: phases[0].duraton:")
    assert "did you mean `duration`" in problem


def test_an_unknown_field_is_told_with_what_there_is() -> None:
    (problem,) = problems(FINE.replace("read: 1", "xyz: 1"))
    assert problem.startswith("a.yaml:4: mix.xyz:")
    assert "there are message, typing, read, live, reconnect" in problem


def test_a_missing_field_is_told() -> None:
    (problem,) = problems(FINE.replace("people: 10\n", ""))
    assert "add `people: …`" in problem


@pytest.mark.parametrize(
    ("written", "instead", "line", "said"),
    [
        ("duration: 1m", "duration: 1 day", 7, "write a time as seconds or as in `90s`, `10m`"),
        ("duration: 1m", "duration: -5", 7, "write a time"),
        ("rate: 7", "rate: -7", 11, ">= 0"),
        ("message: 2", "message: lots", 4, "got `str`"),
        ("people: 10", "people: 1", 2, ">= 2"),
        ("people: 10", "people: 60000", 2, "at most 50,000"),
        ("duration: 1m", "duration: 2h", 5, "at most 3600"),
        ("rate: 7", "rate: 30000", 5, "at most 20000"),
        ("rate: 7", "connections: 11", 11, "only 10 people"),
        ("rate: 7", "storm: { at: 1s }", 11, "behind the end of the phase"),
        ("rate: 7", "connect_over: 2s", 11, "longer than the phase"),
        ("rate: 7", "mix: { live: 1 }", 11, "there is no live room"),
        ("rate: 7", "rate: [7", 12, "not YAML"),
    ],
)
def test_a_mistake_is_told_with_its_line(written: str, instead: str, line: int, said: str) -> None:
    (problem,) = problems(FINE.replace(written, instead))
    assert problem.startswith(f"a.yaml:{line}: ")
    assert said in problem


def test_target_and_topology_exclude_each_other() -> None:
    assert "either `target`" in problems(FINE + "topology: {}\n")[0]
    assert "either `target`" in problems(FINE.replace('target: { url: "http://127.0.0.1:8080" }\n', ""))[0]


CLUSTER = FINE.replace('target: { url: "http://127.0.0.1:8080" }', "topology: { gateways: 2, redis: true }")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("{ at: 1s, do: kill_node, node: 2 }", "there is no node 2: nodes are 0 to 1"),
        ("{ at: 59s, do: pause_node, for: 3s }", "end after the last phase"),
        ("{ at: 1s, do: set_on_fire }", "invalid enum value"),
    ],
)
def test_a_fault_that_cannot_be_is_told(fault: str, said: str) -> None:
    (problem,) = problems(f"{CLUSTER}faults:\n  - {fault}\n")
    assert problem.startswith("a.yaml:13: ")
    assert said in problem


def test_faults_need_a_cluster_of_the_tools_own() -> None:
    assert "name `topology`" in problems(FINE + "faults: [{ at: 1s, do: kill_node }]\n")[0]


def test_several_gateways_need_redis() -> None:
    assert "add `redis: true`" in problems(CLUSTER.replace("redis: true", "redis: false"))[0]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize("text", ["", "[]", "a", "1: 2", "\x00", "name: &a [*a]"])
def test_what_is_no_scenario_at_all_is_refused(text: str) -> None:
    assert problems(text)
