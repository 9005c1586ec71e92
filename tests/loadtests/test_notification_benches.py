"""The benchmarks of the router: their judges can fail, and a small run of each gives figures."""

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import msgspec
import pytest

from loadtests import announcement_bench, cancel_bench, router_bench
from loadtests.durable_bench import PromiseBroken
from loadtests.hubprocess import HubFailed
from loadtests.hubworker import running_worker, worker_environment
from loadtests.lines import Goal, Line, report
from loadtests.peers.processes import PeerFailed
from loadtests.progress import Progress
from loadtests.provider import ANSWERS_AFTER, Provider, Seen, Tally, running_provider, tally
from loadtests.redis import RedisServer
from loadtests.router_bench import BARE, JobQueue, staged
from loadtests.slips import Reading, judge
from loadtests.steps import running_helper
from tests.conftest import in_thread
from tests.databases import PostgresDatabases


def test_what_went_out_once_each_is_in_order() -> None:
    found = tally(["a", "b"], [Seen("b", 1.0), Seen("a", 2.0)])
    assert found == Tally(lost=0, doubled=0, strange=0)
    assert found.kept


@pytest.mark.parametrize(
    ("came", "found"),
    [
        (["a"], Tally(lost=1, doubled=0, strange=0)),
        (["a", "b", "b", "b"], Tally(lost=0, doubled=2, strange=0)),
        (["a", "b", "c"], Tally(lost=0, doubled=0, strange=1)),
    ],
)
def test_what_did_not_come_came_twice_or_was_not_asked_for_is_counted(came: list[str], found: Tally) -> None:
    assert tally(["a", "b"], [Seen(name, 1.0) for name in came]) == found
    assert not found.kept


def test_a_push_after_the_read_mark_slipped_through_and_one_before_it_did_not() -> None:
    names = ("slipped", "meanwhile", "told", "cancelled")
    readings = [Reading(name, due_at=10.0, began_at=10.5, known_at=10.6) for name in names]
    slips = judge(readings, [Seen("told", 10.4), Seen("meanwhile", 10.55), Seen("slipped", 10.61)])
    assert (slips.read_first, slips.cancelled, slips.early, slips.lost, slips.doubled) == (3, 1, 0, 0, 0)
    assert slips.slipped == pytest.approx([0.01, 0.0])
    assert (slips.beyond(0.02), slips.beyond(0.005)) == (0, 1)


def test_who_read_before_it_was_due_must_not_be_told() -> None:
    assert judge([Reading("early", 10.0, 9.8, 9.9)], [Seen("early", 10.0)]).early == 1


def test_who_never_reads_must_be_told_once() -> None:
    never = [Reading("never", 10.0, None, None)]
    assert judge(never, []).lost == 1
    slips = judge(never, [Seen("never", 10.1), Seen("never", 10.2)])
    assert (slips.lost, slips.doubled) == (0, 1)


def test_a_line_beside_procrastinate_has_its_column_and_its_goal() -> None:
    turns = {"hub": [1.0], "procrastinate": [2.0]}
    line = Line(bench="router", title="a line", unit="µs", turns=turns, goals=[Goal(0.4, "procrastinate")])
    shown = report([line], ["procrastinate"])
    assert "hub/procrastinate" in shown
    assert shown.endswith("≤ 0.4 x procrastinate   MISSED")


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with running_provider() as running:
        yield running


async def test_the_provider_answers_late_and_tells_what_came(provider: Provider) -> None:
    body = msgspec.json.encode({"custom_args": {"notification_id": "n1"}})
    async with aiohttp.ClientSession() as http:
        began = time.monotonic()
        async with http.post(f"{provider.base}/v3/mail/send", data=body) as response:
            assert response.status == 202
            assert response.headers["X-Message-Id"] == "m1"
        assert time.monotonic() - began >= ANSWERS_AFTER
        async with http.post(f"{provider.base}/push/fan-1", data=b"\x00sealed") as response:
            assert response.status == 201
    assert [each.name for each in await provider.seen()] == ["n1", "/push/fan-1"]
    assert [each.name for each in await provider.seen(1)] == ["/push/fan-1"]
    assert began < (await provider.seen())[0].at < time.monotonic()
    assert await provider.sample() == b"\x00sealed"
    assert await provider.until(2, 5.0) == 2
    assert await provider.until(3, 0.1) == 2


async def test_a_helper_that_fails_says_why(tmp_path: Path) -> None:
    async with running_helper("publisher", tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}", "") as publisher:
        with pytest.raises(PeerFailed, match=r"(?s)did not answer to .people.*no such table"):
            await publisher.do("people", 60, count=1)


async def test_a_worker_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(HubFailed, match="No module named"):
        async with running_worker({}, tmp_path, command=("nobody_is_here",)):
            pass


@pytest.fixture
def postgresql_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    url = in_thread(postgres_databases.fresh)
    yield url
    in_thread(lambda: postgres_databases.drop(url))


async def test_router_measures_the_worker_beside_the_queue(
    postgresql_url: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    async with staged(postgresql_url, redis_server.url, 60, tmp_path) as (stage, provider):
        settings = worker_environment(postgresql_url, redis_server.url, provider.base)
        async with (
            running_worker(settings, tmp_path) as worker,
            running_helper("jobs", tmp_path, postgresql_url.replace("+asyncpg", "")) as helper,
        ):
            turn = await stage.saturated(worker, 50)
            assert turn.per_second > 1
            assert 0 < turn.cpu_us < 100_000
            paced = await stage.paced(worker, 50, 200)
            assert paced.wait.count == 50
            assert (paced.lost, paced.doubled) == (0, 0)
            jobs = JobQueue(helper, provider)
            await jobs.prepare()
            assert 0 < (await jobs.saturated("email", 20)).cpu_us < 100_000
            assert (await provider.sample()).count(b"email-") == 1
            with pytest.raises(PromiseBroken, match="were not recorded"):
                await stage.recorded(10**6, patience=0.2)
        async with running_worker(settings, tmp_path, command=BARE) as worker:
            came = await provider.count()
            assert (await stage.saturated(worker, 50, sends=False)).per_second > 1
            assert await provider.count() == came


async def test_announcement_tells_everybody_once(
    postgresql_url: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    shown = await announcement_bench.announce(1_200, postgresql_url, redis_server.url, tmp_path, Progress(60))
    assert 0 < shown.planned_seconds < 60
    assert shown.sent_seconds > 0
    assert shown.peak_mib >= shown.half_way_mib > 0
    assert shown.cpu_us > 0


async def test_cancel_races_read_marks_with_pushes(
    postgresql_url: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    slips = await cancel_bench.race(60, postgresql_url, redis_server.url, tmp_path)
    assert slips.read_first > 0
    assert (slips.early, slips.lost, slips.doubled) == (0, 0, 0)
    assert slips.beyond(1.0) == 0


def test_the_lines_name_the_goals() -> None:
    turn = router_bench.Turn(3_500.0, 250.0)
    turns = {"hub": [turn], "procrastinate": [router_bench.Turn(700.0, 1_000.0)]}
    shown = router_bench.lines_of(turns, turns)
    assert [str(goal) for line in shown for goal in line.goals] == [
        "≥ 3000",
        "≤ 0.7 x procrastinate",
        "≤ 0.7 x procrastinate",
    ]
    assert all(line.verdict(goal) for line in shown for goal in line.goals)
