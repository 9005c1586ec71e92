import asyncio
import csv
import signal
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.loadtests.running import PATIENCE, SCENARIO, Done, run, start, tool
from tests.processes import HubProcess, hub_process

CLUSTER = SCENARIO.replace('target: { url: "http://127.0.0.1:9" }', "topology: { database: sqlite, worker: false }")


@pytest.fixture
async def hub_alone(sqlite_url: str) -> AsyncIterator[HubProcess]:
    async with hub_process(sqlite_url) as hub:
        yield hub


class Fetched(HTMLParser):
    """What a page would fetch from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]


async def test_a_run_against_a_hub_keeps_its_promises_and_leaves_three_files(
    hub_alone: HubProcess, tmp_path: Path
) -> None:
    done = await run(hub_alone.base, tmp_path)
    assert done.code == 0, done.out + done.err
    found = done.run
    assert found["passed"] is True
    assert found["verdict"]["kept" if "kept" in found["verdict"] else "acked_lost"] in (True, 0)
    assert found["verdict"]["acked"] == found["counts"]["sent"] > 60
    assert found["verdict"]["places"] == 12
    assert found["counts"]["resumed"] == 6
    assert found["waits"]["delivery"]["count"] > 20
    assert found["figures"]["rss_max_mb"] > 10, "the hub's process was found by its port"
    assert "Every promise was kept." in done.out
    rows = list(csv.DictReader((tmp_path / "series.csv").read_text().splitlines()))
    assert sum(int(row["acked"]) for row in rows) == found["counts"]["acked"]
    _check_report(done)


def _check_report(done: Done) -> None:
    page = Fetched()
    page.feed(done.report)
    assert page.addresses == [], "the report needs nothing but itself"
    assert {"svg", "figure", "table", "button"} <= page.tags
    assert "Twelve people &lt;b&gt;chat&lt;/b&gt;" in done.report
    assert "$" not in done.report.replace("${", "")


@pytest.mark.parametrize(
    ("plant", "broken"), [("loss", "acked_lost"), ("duplicate", "duplicated"), ("reorder", "reordered")]
)
async def test_a_planted_fault_turns_the_run_red(
    hub_alone: HubProcess, tmp_path: Path, plant: str, broken: str
) -> None:
    done = await run(hub_alone.base, tmp_path, "--plant", plant)
    assert done.code == 1, done.out + done.err
    wrong = {name: count for name, count in done.run["verdict"].items() if name in BROKEN and count}
    assert wrong == {broken: 1}
    assert f"FAIL  {broken} 1 (at most 0)" in done.out
    assert "A promise was broken" in done.report


BROKEN = ("acked_lost", "duplicated", "reordered", "left_behind", "not_converged", "unanswered", "refused")


async def test_a_message_that_does_not_come_is_healed_by_asking(hub_alone: HubProcess, tmp_path: Path) -> None:
    done = await run(hub_alone.base, tmp_path, "--plant", "gap")
    assert done.code == 0, done.out + done.err
    assert done.run["verdict"]["gaps"] + done.run["counts"].get("synced", 0) >= 1


async def test_a_threshold_that_is_missed_fails_the_run(hub_alone: HubProcess, tmp_path: Path) -> None:
    done = await run(hub_alone.base, tmp_path, text=SCENARIO + "thresholds: { p50_ms: 0.0001 }\n")
    assert done.code == 1
    assert "FAIL  p50_ms" in done.out
    assert done.run["passed"] is False


async def test_several_generators_give_one_result(hub_alone: HubProcess, tmp_path: Path) -> None:
    text = SCENARIO + "processes: 2\nsource_addresses: 3\ntokens: { seconds: 2s, refresh: 0.5 }\n"
    done = await run(hub_alone.base, tmp_path, text=text)
    assert done.code == 0, done.out + done.err
    assert done.run["verdict"]["places"] == 12
    assert len(done.run["generators_busy"]) == 2
    assert max(tick["connected"] for tick in done.run["ticks"]) == 12
    assert done.run["counts"]["tokens_renewed"] > 0


async def test_a_cluster_of_its_own_is_killed_mended_and_ended(tmp_path: Path) -> None:
    text = CLUSTER.replace("duration: 2s", "duration: 5s") + (
        "faults: [{ at: 2s, do: kill_node, for: 500ms }]\nthresholds: { healed_seconds: 5 }\n"
    )
    (tmp_path / "scenario.yaml").write_text(text)
    done = await tool("run", str(tmp_path / "scenario.yaml"), "--output", str(tmp_path), folder=tmp_path)
    assert done.code == 0, done.out + done.err
    (fault,) = done.run["faults"]
    assert fault["label"] == "kill -9 node 0 for 0.5 s"
    assert fault["mended"] > fault["began"] + 0.5
    assert done.run["counts"]["resumed"] >= 12
    assert "1 kill -9 node 0" in done.report


async def test_a_run_that_is_stopped_leaves_no_process_behind(tmp_path: Path) -> None:
    (tmp_path / "scenario.yaml").write_text(CLUSTER.replace("duration: 2s", "duration: 60s"))
    process = await start("run", str(tmp_path / "scenario.yaml"), "--output", str(tmp_path))
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE):
        while b"running" not in await process.stderr.readline():
            pass
        started = _descendants(process.pid)
        assert len(started) == 2, "a gateway and a generator"
        process.send_signal(signal.SIGTERM)
        _, err = await process.communicate()
    assert process.returncode == 130
    assert b"what was started is ended" in err
    assert not _alive(started)


def _alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def _descendants(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


async def test_another_machine_is_not_loaded_unless_it_is_named(tmp_path: Path) -> None:
    done = await run("http://192.0.2.1:8080", tmp_path)
    assert done.code == 2
    assert "name it with --allow-remote 192.0.2.1" in done.err


@pytest.mark.parametrize("base", ["ftp://127.0.0.1", "127.0.0.1:8080", "http://"])
async def test_an_address_that_is_none_is_refused(tmp_path: Path, base: str) -> None:
    done = await run(base, tmp_path)
    assert done.code == 2
    assert "write the address as http://host:port" in done.err


async def test_a_hub_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = await run("http://127.0.0.1:9", tmp_path)
    assert done.code == 2
    assert "no hub answers at http://127.0.0.1:9" in done.err


async def test_a_wrong_secret_is_told(hub_alone: HubProcess, tmp_path: Path) -> None:
    done = await run(hub_alone.base, tmp_path, secret="another-secret-that-is-long-enough-to-be-one")
    assert done.code == 2
    assert "401 auth.invalid" in done.err
    assert "Traceback" not in done.err


async def test_a_scenario_with_a_mistake_is_told(tmp_path: Path) -> None:
    (tmp_path / "scenario.yaml").write_text(SCENARIO.replace("people:", "poeple:"))
    done = await tool("check", str(tmp_path / "scenario.yaml"))
    assert done.code == 2
    assert "scenario.yaml:4: poeple:" in done.err


async def test_a_plant_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    done = await run("http://127.0.0.1:9", tmp_path, "--plant", "weeds")
    assert done.code == 2
    assert "--plant: there are loss, duplicate, reorder, gap" in done.err
