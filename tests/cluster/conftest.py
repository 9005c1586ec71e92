"""A real Redis for all tests, one for each test that hurts it, and a cluster."""

from collections.abc import Iterator

import pytest

from loadtests.redis import RedisServer, running_redis, running_redis_cluster


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    """A server that the test may kill."""
    with running_redis() as server:
        yield server


@pytest.fixture
def redis_cluster() -> Iterator[list[RedisServer]]:
    with running_redis_cluster() as servers:
        yield servers
