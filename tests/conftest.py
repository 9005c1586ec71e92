"""Fixtures: databases of both kinds, a running hub, people with stock clients."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

import pytest
import structlog

from hub.app import Gateway
from hub.bootstrap import bootstrap
from hub.settings import Settings
from loadtests.postgres import running_postgres
from loadtests.redis import RedisServer, running_redis
from tests.databases import PostgresDatabases, SqliteDatabases
from tests.running import RunningHub

Result = TypeVar("Result")
SECRET = "a-secret-of-tests-that-is-long-enough-to-be-one"


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """Tracebacks as plain text: rich's, with every local variable, take seconds of a test's event loop."""
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, plain])


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> SqliteDatabases:
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[PostgresDatabases]:
    with running_postgres() as server:
        yield PostgresDatabases(server)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One Redis for all tests that do it no harm."""
    with running_redis() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh, migrated database; the test runs once on each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_databases").fresh()
        return
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    url = in_thread(databases.fresh)
    yield url
    in_thread(lambda: databases.drop(url))


@pytest.fixture
def sqlite_url(sqlite_databases: SqliteDatabases) -> str:
    """A fresh SQLite database, for tests that have nothing to do with the kind of database."""
    return sqlite_databases.fresh()


def in_thread(call: Callable[[], Result]) -> Result:
    """Runs what starts an event loop of its own, also while one is running here."""
    results: list[Result] = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    thread.join()
    return results[0]


@pytest.fixture
def settings(database_url: str) -> Settings:
    return make_settings(database_url)


def make_settings(database_url: str, **changes: object) -> Settings:
    values: dict[str, object] = {
        "database_url": database_url,
        "jwt_secret": SECRET,
        "presence_grace_seconds": 0.3,
        "unread_email_seconds": 1,
        "drain_seconds": 4,
        **changes,
    }
    return Settings(_env_file=None, **values)  # type: ignore[arg-type, call-arg]


@pytest.fixture
async def start_hub() -> AsyncIterator[Callable[..., "asyncio.Future[RunningHub]"]]:
    """Starts hubs in this process: `await start_hub(settings, **replacements)`; they stop at the end of the test."""
    running: list[RunningHub] = []

    async def start(settings: Settings, **replacements: object) -> RunningHub:
        hub = bootstrap(settings, **replacements)  # type: ignore[arg-type]
        gateway = Gateway(hub, with_worker=True)
        await gateway.start("127.0.0.1", 0)
        running.append(RunningHub(hub, gateway))
        return running[-1]

    yield start  # type: ignore[misc]
    for each in running:
        await each.stop()


@pytest.fixture
async def hub(settings: Settings, start_hub: Callable[..., "asyncio.Future[RunningHub]"]) -> RunningHub:
    """A hub with a fresh database, once on each kind."""
    return await start_hub(settings)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many tests ran on what, so that a skipped database or browser is seen."""
    passed = [report.nodeid for report in terminalreporter.getreports("passed") if report.when == "call"]
    counts = {
        "SQLite": sum("sqlite" in each for each in passed),
        "PostgreSQL": sum("postgresql" in each for each in passed),
        "browser": sum(each.startswith("tests/browser/") for each in passed),
    }
    line = ", ".join(
        f"{count} in the browser" if name == "browser" else f"{count} on {name}" for name, count in counts.items()
    )
    terminalreporter.write_line(f"ran {len(passed)} tests: {line}")
