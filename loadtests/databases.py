"""Fresh migrated databases for each measurement, in places that are removed at the end."""

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text

from hub.migrate import upgrade
from loadtests.postgres import running_postgres
from persistence.engine import create_engine

KINDS = ("sqlite", "postgresql")

Fresh = Callable[[], str]
"""Makes a migrated database and gives its URL. Must be called where no event loop runs."""


@contextmanager
def databases(kinds: Collection[str], folder: Path) -> Iterator[dict[str, Fresh]]:
    """A maker of databases for each kind; the PostgreSQL server runs only while this lasts."""
    makers: dict[str, Fresh] = {}
    with ExitStack() as stack:
        if "sqlite" in kinds:
            makers["sqlite"] = lambda: _fresh_sqlite(folder)
        if "postgresql" in kinds:
            server = stack.enter_context(running_postgres())
            makers["postgresql"] = lambda: fresh_postgres(server)
        yield makers


def _fresh_sqlite(folder: Path) -> str:
    url = f"sqlite+aiosqlite:///{folder / uuid4().hex}.db"
    upgrade(url)
    return url


def fresh_postgres(server: str) -> str:
    """The URL of a new migrated database on this server. Must be called where no event loop runs."""
    name = f"bench_{uuid4().hex}"
    asyncio.run(_create(f"{server}/postgres", name))
    upgrade(f"{server}/{name}")
    return f"{server}/{name}"


async def _create(server: str, name: str) -> None:
    engine = create_engine(server)
    try:
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text(f"CREATE DATABASE {name}"))
    finally:
        await engine.dispose()
