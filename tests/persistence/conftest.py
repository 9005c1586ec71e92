"""Fixtures: empty databases of both kinds, and a unit of work on a migrated one."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hub.clock import SystemClock
from persistence.engine import Connections
from persistence.uow import Database
from tests.conftest import in_thread


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
        return
    databases = request.getfixturevalue("postgres_databases")
    url = in_thread(databases.empty)
    yield url
    in_thread(lambda: databases.drop(url))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    made = Database(Connections(database_url), SystemClock())
    yield made
    await made.connections.close()
