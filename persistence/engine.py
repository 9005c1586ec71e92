"""Connections: SQLite (WAL, synchronous=FULL) by default, PostgreSQL by URL."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, nullcontext, suppress
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, any_, bindparam, event, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection as SyncConnection
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

Connection = AsyncConnection
"""What queries are given: inside a read snapshot or a write transaction."""

WRITE = "hub_write"
CLOSE_SECONDS = 3
CONNECT_SECONDS = 5
COMMAND_SECONDS = 15
"""No statement of ours takes long: a server that is silent for so long is as good as gone."""
BUSY_TIMEOUT_MS = 15_000
"""How long a SQLite connection waits for another process's write before it gives up."""


def _encode_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def create_engine(url: str, *, pool_size: int = 10, command_seconds: float | None = None) -> AsyncEngine:
    """An engine for `url`, ready for either database; a statement may take `command_seconds` (PostgreSQL)."""
    options: dict[str, Any] = {
        "json_serializer": _encode_json,
        "json_deserializer": msgspec.json.decode,
        "hide_parameters": True,  # they hold what people wrote, and errors are logged
    }
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_async_engine(url, pool_size=pool_size, max_overflow=0, **options)
        _prepare_sqlite(engine)
        return engine
    waits = {"timeout": CONNECT_SECONDS, "command_timeout": command_seconds}
    return create_async_engine(url, pool_size=pool_size, max_overflow=pool_size, connect_args=waits, **options)


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # BEGIN is ours: pysqlite's own comes too late for IMMEDIATE
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # an ack means that the row is on the disk
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: SyncConnection) -> None:
        # IMMEDIATE takes the write lock at once; a read transaction that writes later would fail instead of waiting.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITE) else "BEGIN")


class Connections:
    """Read snapshots and write transactions of one database."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.engine = create_engine(url, pool_size=pool_size, command_seconds=COMMAND_SECONDS)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        # SQLite has one writer; waiting here is fair and free, waiting inside SQLite is neither.
        self._write_lock = asyncio.Lock() if self.is_sqlite else None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """One consistent snapshot for reading."""
        async with self.engine.connect() as connection:
            if not self.is_sqlite:
                await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            yield connection

    @asynccontextmanager
    async def read_one(self) -> AsyncIterator[AsyncConnection]:
        """For statements that are each a snapshot by themselves: without BEGIN and ROLLBACK around them."""
        async with self.engine.connect() as connection:
            if not self.is_sqlite:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """One write transaction; committed at the end of the block, rolled back on an exception."""
        async with self._write_lock or nullcontext(), self.engine.connect() as connection:
            await connection.execution_options(**{WRITE: True})
            async with connection.begin():
                yield connection

    async def close(self) -> None:
        """Closes every pooled connection; a server that does not answer is not waited for."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.engine.dispose()


def any_of(column: ColumnElement[Any], name: str, dialect: str) -> ColumnElement[bool]:
    """`column` is one of the values that the parameter `name` will hold; for statements that are built once."""
    if dialect == "postgresql":
        return column == any_(bindparam(name, type_=ARRAY(column.type)))
    return column.in_(bindparam(name, expanding=True))


def one_of(connection: AsyncConnection, column: ColumnElement[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """`column` is one of `values`.

    On PostgreSQL as `= ANY(array)`: one prepared statement for every count, where IN would make one for each.
    """
    listed = list(values)
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, listed, type_=ARRAY(column.type), unique=True))
    return column.in_(listed)


async def schema_revision(connection: AsyncConnection) -> str | None:
    """The migration that the database is at; an SQLAlchemyError when there is no schema or no database."""
    found: str | None = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()
    return found


AWAY_STATES = ("08", "57P", "53300")
"""SQLSTATE of a lost connection, of a server that starts or stops, and of one that takes no more connections."""


def database_is_away(error: Exception) -> bool:
    """Whether `error` says that the database does not answer, and not that it refuses something."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None) or ""
    return isinstance(cause, OSError | TimeoutError | PoolTimeoutError) or state.startswith(AWAY_STATES)


DEADLOCK = "40P01"
"""SQLSTATE of a transaction that PostgreSQL ended because it and another one waited for each other."""


def is_deadlock(error: Exception) -> bool:
    """Whether the transaction may simply be tried again."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) == DEADLOCK
