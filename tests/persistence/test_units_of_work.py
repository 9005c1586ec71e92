"""Units of work: all or nothing, one writer after the other, also between processes."""

import asyncio
import sys

import pytest
from sqlalchemy import func, select

from hub.clock import SystemClock
from persistence import users
from persistence.engine import Connections
from persistence.uow import Database
from persistence.users import user
from tests.running import PATIENCE

PERSON = {"display_name": "0", "roles": [], "locale": "en", "time_zone": "UTC", "created_at": 1, "updated_at": 1}

COUNT_UP = """
import asyncio, sys
from hub.clock import SystemClock
from persistence import users
from persistence.engine import Connections
from persistence.uow import Database

async def main():
    database = Database(Connections(sys.argv[1]), SystemClock())
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(int(sys.argv[2])):
        async with database.begin() as tx:
            row = await users.get(tx.connection, "counter")
            values = {key: getattr(row, key) for key in row._fields}
            await users.save(tx.connection, values | {"display_name": str(int(row.display_name) + 1)})
    await database.connections.close()

asyncio.run(main())
"""
"""Reads, adds one, writes: with the write lock taken late, two processes would lose counts or fail."""


async def test_two_processes_that_write_to_one_sqlite_file_lose_nothing(sqlite_url: str) -> None:
    database = Database(Connections(sqlite_url), SystemClock())
    async with database.begin() as tx:
        await users.save(tx.connection, {"id": "counter", **PERSON})
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", COUNT_UP, sqlite_url, "60"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for each in processes:
        assert each.stdout is not None
        await each.stdout.readline()

    codes = [(await asyncio.wait_for(each.communicate(b"go\n"), 20), each.returncode)[1] for each in processes]

    assert codes == [0, 0]
    async with database.read() as connection:
        row = await users.get(connection, "counter")
    assert row is not None
    assert row.display_name == "120"
    await database.connections.close()


async def test_what_raises_leaves_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.begin() as tx:
            await users.save(tx.connection, {"id": "fan", **PERSON})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with database.read() as connection:
        assert await users.get(connection, "fan") is None


async def test_a_cancelled_unit_of_work_leaves_nothing_and_blocks_nobody(database: Database) -> None:
    inside = asyncio.Event()

    async def write() -> None:
        async with database.begin() as tx:
            await users.save(tx.connection, {"id": "fan", **PERSON})
            inside.set()
            await asyncio.Event().wait()

    writing = asyncio.create_task(write())
    await inside.wait()
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)

    async with asyncio.timeout(PATIENCE), database.begin() as tx:
        await users.save(tx.connection, {"id": "creator", **PERSON})
    async with database.read() as connection:
        assert (await connection.execute(select(user.c.id))).scalars().all() == ["creator"]


async def test_many_writers_at_once_all_get_their_turn(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.begin() as tx:
            await users.save(tx.connection, {"id": f"u{number}", **PERSON})

    await asyncio.gather(*(write(number) for number in range(60)))

    async with database.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(user))).scalar() == 60
