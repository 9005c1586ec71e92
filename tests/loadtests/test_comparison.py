"""The comparison of the hub with its peers: medians, ratios, goals, the table, the picture, and a small real run."""

import asyncio
import math
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest

from loadtests import lines
from loadtests.bars import draw
from loadtests.connect_bench import opening
from loadtests.crowd import Bench, Stats, crowd, running, stats
from loadtests.drop_bench import dropping
from loadtests.echo_bench import by_the_clock, closed
from loadtests.fanout_bench import Room
from loadtests.lines import Goal, Line
from loadtests.peers.processes import PeerFailed, node_peer, running_peer
from loadtests.procfs import cpu_seconds
from loadtests.progress import Progress
from loadtests.sockets import drop

LINE = Line(
    bench="fanout",
    title="a <room>",
    unit="CPU µs/delivery",
    turns={"hub": [3.0, 1.0, 2.0], "node": [8.0, 10.0], "stock": [40.0]},
    goals=[Goal(0.25, "node"), Goal(0.05, "stock")],
)


def test_medians_are_compared() -> None:
    assert LINE.median("hub") == 2.0
    assert LINE.median("node") == 9.0
    assert LINE.ratio("stock") == 0.05
    assert [LINE.verdict(goal) for goal in LINE.goals] == [True, True]


@pytest.mark.parametrize(
    ("goal", "verdict"),
    [
        (Goal(0.2, "node"), False),
        (Goal(2.0), True),
        (Goal(1.9), False),
        (Goal(4, "node", least=True), False),
        (Goal(0.2, "node", least=True), True),
    ],
)
def test_a_goal_is_met_or_missed(goal: Goal, *, verdict: bool) -> None:
    assert LINE.verdict(goal) is verdict


def test_what_was_not_measured_has_no_verdict() -> None:
    alone = Line(bench="echo", title="echo", unit="µs", turns={"hub": [1.0]}, goals=[Goal(0.8, "node")])
    assert math.isnan(alone.ratio("node"))
    assert alone.verdict(alone.goals[0]) is None
    assert "not measured" in lines.report([alone])
    assert lines.missed([alone]) == []


def test_the_table_shows_figures_ratios_and_verdicts() -> None:
    shown = lines.report([LINE])
    assert "0.222" in shown
    assert "≤ 0.25 x Node, ≤ 0.05 x stock Python" in shown
    assert shown.endswith("met")


def test_the_picture_is_well_formed_and_says_its_figures() -> None:
    picture = draw([LINE, Line(bench="nodes", title="alone", unit="µs", turns={"hub": [1.0]})])
    root = ET.fromstring(picture)  # noqa: S314  (our own text)
    label = root.attrib["aria-label"]
    assert label == "a <room>, CPU µs/delivery: hub 2.0, Node 9.0, stock Python 40.0"
    assert len([each for each in root.iter("{http://www.w3.org/2000/svg}rect") if "x" in each.attrib]) == 3


def test_turns_go_forwards_and_backwards_and_stock_has_one() -> None:
    bench = Bench(servers=["hub", "node", "stock"], quick=False, seconds=1, progress=Progress(1))
    assert [bench.order(turn) for turn in range(2)] == [["hub", "node", "stock"], ["node", "hub"]]


def test_without_node_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PeerFailed, match="install Node"):
        node_peer(path=str(tmp_path))


async def test_a_peer_that_does_not_start_says_why() -> None:
    with pytest.raises(PeerFailed, match="No module named"):
        async with running_peer("nobody", ["python3", "-m", "nobody_is_here"]):
            pass


def test_a_process_that_is_gone_has_used_nothing() -> None:
    assert cpu_seconds(2**22 + 1) is None


async def test_every_measurement_gives_a_figure() -> None:
    """Small crowds on the hub's own server: what is measured is not of interest, only that it is."""
    async with running(["hub"], "--auth") as peers:
        assert 0 < await opening(peers["hub"], 20) < 100_000
    async with running(["hub"]) as peers:
        hub = peers["hub"]
        room = await Room(hub).fill(10)
        assert 0 < await room.burst(10, 2) < 100_000
        assert 0 < await room.burst(10, 2, senders=10) < 100_000
        cpu, late = await room.paced(0.2, first=1_000)
        assert 0 < cpu < 100_000
        assert 0 < late < 10_000
        drop(room.sockets)
        sockets = await crowd(hub, 5)
        for measure in (closed, by_the_clock):
            used, figure = await measure(hub, sockets, 0.2)
            assert 0 < used < 100_000
            assert figure > 0
        drop(sockets)
        dropped = await dropping(hub, 30)
        assert dropped.left == 0
        (watcher,) = await crowd(hub, 1)
        assert isinstance(await stats(watcher, collect=True), Stats)
        drop([watcher])


async def test_the_command_prints_a_table_and_writes_its_files(tmp_path: Path) -> None:
    json, svg = tmp_path / "bench.json", tmp_path / "bench.svg"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "loadtests", "bench", "fanout", "connect", "--quick"),
        *("--server", "hub", "--server", "stock", "--json", str(json), "--svg", str(svg)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, progress = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, progress.decode()
    assert "fan-out to 100, bursts of 100 by one handler" in said.decode()
    assert "s left] connect: hub, turn 2 of 2" in progress.decode()
    written = msgspec.json.decode(json.read_bytes())
    assert [line["bench"] for line in written["lines"]] == ["fanout", "fanout", "connect"]
    assert {*written["lines"][0]["turns"]} == {"hub", "stock"}
    assert written["failures"] == {}
    ET.fromstring(svg.read_text())  # noqa: S314  (our own text)


async def test_a_name_that_is_none_is_refused() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "loadtests", "bench", "everything"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert "there is no benchmark 'everything'; there are fanout, paced, echo" in said.decode()
