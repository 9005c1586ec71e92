import os
import socket
from collections.abc import Iterator

import aiohttp
import pytest

from loadtests.bounds import NotAllowed, check_hosts
from loadtests.servers import Watched, family_usage, pid_of, process_usage, read_metrics

METRICS = """\
# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.
process_cpu_seconds_total 12.5
process_resident_memory_bytes 1.5e+08
hub_loop_lag_seconds 0.002
hub_sessions{node="a"} 3.0
hub_sessions{node="b"} 7.0
hub_sessions_total 99
"""


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_the_process_behind_a_port_is_found(listening: int) -> None:
    assert pid_of(f"http://127.0.0.1:{listening}") == os.getpid()


def test_nobody_is_found_where_nobody_listens() -> None:
    assert pid_of("http://127.0.0.1:9") is None


def test_what_a_process_uses_is_read() -> None:
    used = process_usage(os.getpid())
    assert used is not None
    assert used[0] > 0
    assert used[1] > 1_000_000


def test_a_family_uses_at_least_what_its_head_does() -> None:
    alone, family = process_usage(os.getpid()), family_usage(os.getpid())
    assert alone is not None
    assert family is not None
    assert family[0] >= alone[0]


def test_a_process_that_is_gone_uses_nothing() -> None:
    assert process_usage(2**22 + 1) is None
    assert family_usage(2**22 + 1) is None


def test_metrics_are_read_by_name_and_the_greatest_counts() -> None:
    assert read_metrics(METRICS) == {"cpu": 12.5, "rss": 1.5e8, "lag": 0.002, "sessions": 7.0}


def test_metrics_that_are_none_are_passed_over() -> None:
    assert read_metrics("hub_sessions much\n\n<html>") == {}


def test_loopback_may_be_loaded() -> None:
    check_hosts(["http://127.0.0.1:1", "http://localhost:1", "http://127.9.9.9:1", "http://[::1]:1"], [])


@pytest.mark.parametrize("base", ["http://192.0.2.1:80", "http://10.0.0.1", "http://0.0.0.0:80"])
def test_other_hosts_may_not_unless_they_are_named(base: str) -> None:
    with pytest.raises(NotAllowed, match="--allow-remote"):
        check_hosts([base], ["192.0.2.9"])
    check_hosts(["http://192.0.2.9:80"], ["192.0.2.9"])


async def test_cpu_is_told_from_the_second_sample_on() -> None:
    watched = Watched("hub", None, os.getpid())
    async with aiohttp.ClientSession() as http:
        first, second = await watched.sample(http, 0.0), await watched.sample(http, 0.0)
    assert first.cpu is None
    assert second.cpu is not None
    assert second.rss is not None
    assert second.rss > 1_000_000
