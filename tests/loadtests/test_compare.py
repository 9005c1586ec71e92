from pathlib import Path
from typing import Any

import msgspec
import pytest

from loadtests.compare import NotARun, Row, compare, read, shown
from tests.loadtests.running import tool


def a_run(p99: float = 20.0, acked: float = 1000.0, lost: int = 0) -> dict[str, Any]:
    return {
        "waits": {"delivery": {"p50": 2.0, "p99": p99, "p99_9": 50.0}},
        "figures": {"acked_per_second": acked, "server_cpu_us_per_message": 200.0, "healed_seconds": None},
        "verdict": {"acked_lost": lost, "duplicated": 0},
    }


def rows(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Row]:
    return {row.name: row for row in compare(before, after)}


def test_figures_stand_side_by_side_with_their_ratio() -> None:
    found = rows(a_run(p99=20), a_run(p99=30))
    assert found["delivery p99 ms"].ratio == pytest.approx(1.5)
    assert "healed_seconds" not in found
    assert "delivery p99 ms" in shown(list(found.values()), None)


@pytest.mark.parametrize(
    ("after", "worse"),
    [
        (a_run(p99=30), ["delivery p99 ms"]),
        (a_run(p99=22), []),
        (a_run(acked=700), ["acked_per_second"]),
        (a_run(acked=2000), []),
        (a_run(lost=1), ["promise: acked_lost"]),
    ],
)
def test_what_got_worse_by_more_than_the_factor_is_found(after: dict[str, Any], worse: list[str]) -> None:
    assert [name for name, row in rows(a_run(), after).items() if row.worse_than(1.2)] == worse


def test_waits_below_a_millisecond_are_noise() -> None:
    assert not Row("delivery p50 ms", 0.2, 0.9).worse_than(1.2)


def test_a_figure_that_is_missing_now_is_worse() -> None:
    assert Row("delivery p99 ms", 20.0, None).worse_than(1.2)
    assert not Row("delivery p99 ms", None, 20.0).worse_than(1.2)


@pytest.mark.parametrize(("after", "code"), [(a_run(p99=30), 1), (a_run(p99=21), 0)])
async def test_the_command_fails_over_the_factor(tmp_path: Path, after: dict[str, Any], code: int) -> None:
    paths = [tmp_path / "before.json", tmp_path / "after.json"]
    for path, run in zip(paths, (a_run(), after), strict=True):
        path.write_bytes(msgspec.json.encode(run))
    done = await tool("compare", *map(str, paths), "--fail-over", "1.2")
    assert done.code == code, done.err
    assert ("WORSE" in done.out) == bool(code)


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}'])
def test_a_file_that_is_no_run_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(NotARun, match="`run` has written"):
        read(tmp_path / "run.json")
