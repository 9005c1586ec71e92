"""Rotation of the outbox on PostgreSQL: nothing is lost, and the table stays small while nothing can be vacuumed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select, text, update

from hub.clock import SystemClock
from hub.outbox_keeper import OutboxKeeper
from persistence import outbox, outbox_rotation
from persistence.engine import Connection, Connections
from persistence.outbox import outbox as table
from persistence.uow import Database
from tests.conftest import in_thread
from tests.databases import PostgresDatabases

SLOTS = outbox_rotation.SLOTS
PERIODS = 12
A_PERIOD = 4_000
BATCH = 1_000


@pytest.fixture
def postgres_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    url = in_thread(postgres_databases.fresh)
    yield url
    in_thread(lambda: postgres_databases.drop(url))


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Database]:
    made = Database(Connections(postgres_url), SystemClock())
    yield made
    await made.connections.close()


async def add(database: Database, slot: int, count: int, *, name: str = "some.event") -> None:
    """Rows that were stored while `slot` was current."""
    async with database.begin() as tx:
        await outbox.add(tx.connection, [(name, None, "{}", tx.now)] * count)
        of_now = select(table.c.id).order_by(table.c.id.desc()).limit(count).scalar_subquery()
        await tx.connection.execute(update(table).where(table.c.id.in_(of_now)).values(slot=slot))


async def work_off(database: Database, floor: int = 0) -> int:
    """Claims and removes all that waits; how many rows."""
    done = 0
    while True:
        async with database.begin() as tx:
            rows = await outbox.claim(tx.connection, now=tx.now, limit=BATCH, floor=floor)
            await outbox.done(tx.connection, [row.id for row in rows])
        done += len(rows)
        if len(rows) < BATCH:
            return done


async def rotate(database: Database, slot: int) -> bool:
    return await OutboxKeeper(database).rotate(slot)


async def size(database: Database) -> int:
    async with database.read_one() as connection:
        return await outbox_rotation.size(connection)


@asynccontextmanager
async def old_snapshot(database: Database) -> AsyncIterator[Connection]:
    """A transaction like a long report's: while it is open, no vacuum removes what is deleted from now on."""
    async with database.read() as connection:
        await connection.execute(text("SELECT count(*) FROM app_user"))
        yield connection


async def test_what_is_left_in_a_partition_is_moved_and_keeps_all_its_columns(postgres: Database) -> None:
    await add(postgres, 2, 3)
    async with postgres.begin() as tx:
        first, second, third = (await tx.connection.scalars(select(table.c.id).order_by(table.c.id))).all()
        await outbox.failed(tx.connection, first, error="backs off", not_before=tx.now + 60_000, dead_at=None)
        await outbox.failed(tx.connection, second, error="dead", not_before=0, dead_at=tx.now)
    async with postgres.read_one() as connection:
        before = (await connection.execute(select(table).order_by(table.c.id))).all()

    assert await rotate(postgres, 2)

    async with postgres.read_one() as connection:
        after = (await connection.execute(select(table).order_by(table.c.id))).all()
        assert await connection.scalar(text("SELECT count(*) FROM outbox_2")) == 0
    assert [{**row._mapping, "slot": 1} for row in before] == [dict(row._mapping) for row in after]
    async with postgres.begin() as tx:
        assert [row.id for row in await outbox.claim(tx.connection, now=tx.now, limit=9)] == [third]


async def test_an_empty_partition_and_one_that_holds_too_much_are_left_alone(postgres: Database) -> None:
    assert not await rotate(postgres, 0)
    await add(postgres, 1, outbox_rotation.MOST_LEFT + 1)
    assert not await rotate(postgres, 1)
    assert await work_off(postgres) == outbox_rotation.MOST_LEFT + 1


async def test_a_partition_that_someone_uses_is_left_for_later(postgres: Database) -> None:
    await add(postgres, 0, 2)
    async with postgres.begin() as tx:
        assert len(await outbox.claim(tx.connection, now=tx.now, limit=9)) == 2
        assert not await rotate(postgres, 0)
    assert await rotate(postgres, 0)
    assert await work_off(postgres) == 2


async def test_the_slot_of_a_new_row_is_the_one_before_the_one_to_empty(postgres: Database) -> None:
    async with postgres.begin() as tx:
        before = await outbox_rotation.slot_to_empty(tx.connection)
        await outbox.add(tx.connection, [("some.event", None, "{}", 1)])
        slot = await tx.connection.scalar(select(table.c.slot))
        after = await outbox_rotation.slot_to_empty(tx.connection)
    assert (slot + 1) % SLOTS in {before, after}


async def test_the_table_stays_small_while_an_old_snapshot_is_open(postgres: Database) -> None:
    highest = 0
    async with old_snapshot(postgres):
        for period in range(PERIODS):
            await add(postgres, period % SLOTS, A_PERIOD)
            assert await work_off(postgres) == A_PERIOD
            await rotate(postgres, (period + 1) % SLOTS)
            if period < SLOTS:
                highest = max(highest, await size(postgres))
        assert await size(postgres) <= highest * 1.1, "three periods' rows are all that there ever is"


async def test_nothing_is_lost_while_rows_come_and_go_and_partitions_are_emptied(postgres: Database) -> None:
    keeper = OutboxKeeper(postgres)
    handled: list[int] = []
    stored: set[int] = set()
    adding = True

    async def insert() -> None:
        for number in range(60):
            async with postgres.begin() as tx:
                await outbox.add(tx.connection, [("some.event", None, str(number), tx.now)] * 7)
                ids = await tx.connection.scalars(select(table.c.id).order_by(table.c.id.desc()).limit(7))
                stored.update(ids)

    async def claim() -> None:
        while True:
            async with postgres.begin() as tx:
                rows = await outbox.claim(tx.connection, now=tx.now, limit=25)
                await outbox.done(tx.connection, [row.id for row in rows])
            handled.extend(row.id for row in rows)
            if not rows and not adding:
                return
            await asyncio.sleep(0)

    async def empty_in_turn() -> int:
        emptied, slot = 0, 0
        while adding:
            emptied += await keeper.rotate(slot % SLOTS)
            slot += 1
            await asyncio.sleep(0.002)
        return emptied

    workers = [asyncio.create_task(claim()) for _ in range(2)]
    rotating = asyncio.create_task(empty_in_turn())
    await asyncio.gather(*(insert() for _ in range(3)))
    adding = False
    await asyncio.gather(*workers)

    assert await rotating > 0
    assert len(handled) == len(set(handled)) == 3 * 60 * 7
    assert stored <= set(handled)
