"""Migrations run up, down and up again, and what they make is what the tables in the code say."""

import asyncio
import pkgutil
from importlib import import_module
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

import persistence
from hub.migrate import downgrade, upgrade
from migrations.versions import r0001_chat, r0002_live, r0003_notifications
from persistence.base import metadata
from persistence.engine import create_engine

for module in pkgutil.iter_modules(persistence.__path__):
    import_module(f"persistence.{module.name}")  # each adds its tables to the metadata


def looked_at(url: str, look: Any) -> Any:
    async def run() -> Any:
        engine = create_engine(url)
        async with engine.connect() as connection:
            found = await connection.run_sync(look)
        await engine.dispose()
        return found

    return asyncio.run(run())


def objects(connection: Connection) -> dict[str, Any]:
    """Everything that a migration makes: tables with their columns and indexes, triggers and functions."""
    seen = inspect(connection)
    if connection.dialect.name == "sqlite":
        query = "SELECT type, name FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    else:
        query = (
            "SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal UNION ALL "
            "SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1, 2"
        )
    tables = sorted(set(seen.get_table_names()) - {"alembic_version"})
    return {
        "guards": [tuple(row) for row in connection.execute(text(query))],
        **{
            name: (
                [(column["name"], str(column["type"]), column["nullable"]) for column in seen.get_columns(name)],
                sorted(str(index["name"]) for index in seen.get_indexes(name)),
            )
            for name in tables
        },
    }


def not_a_partition(name: str | None, kind: str, _parents: Any) -> bool:
    """The partitions of the outbox are no tables of the code."""
    return kind != "table" or not str(name).startswith("outbox_")


def test_up_down_and_up_again_gives_the_same(empty_url: str) -> None:
    upgrade(empty_url)
    first = looked_at(empty_url, objects)
    assert {"message", "conversation", "outbox", "delivery"} < set(first)
    assert first["guards"]

    downgrade(empty_url)
    assert looked_at(empty_url, objects) == {"guards": []}

    upgrade(empty_url)
    assert looked_at(empty_url, objects) == first


def test_applying_them_twice_changes_nothing(empty_url: str) -> None:
    upgrade(empty_url)
    first = looked_at(empty_url, objects)

    upgrade(empty_url)

    assert looked_at(empty_url, objects) == first


def test_the_metadata_equals_what_the_migrations_make(database_url: str) -> None:
    def differences(connection: Connection) -> Any:
        has_identity = connection.dialect.name == "postgresql"  # SQLite knows no IDENTITY to compare with
        opts = {"compare_type": True, "compare_server_default": has_identity, "include_name": not_a_partition}
        context = MigrationContext.configure(connection, opts=opts)
        return compare_metadata(context, metadata)

    assert looked_at(database_url, differences) == []


def test_each_step_back_can_be_gone_forward_again(empty_url: str) -> None:
    upgrade(empty_url)
    first = looked_at(empty_url, objects)

    for revision, gone in (("0003", "outbox_1"), ("0002", "notification"), ("0001", "live_turn")):
        downgrade(empty_url, revision)
        assert gone not in looked_at(empty_url, objects)
    upgrade(empty_url)

    assert looked_at(empty_url, objects) == first


def test_the_outbox_keeps_its_rows_and_numbers_both_ways(empty_url: str) -> None:
    stored = (
        "INSERT INTO outbox (type, payload, at, attempts, dead_at) VALUES ('a', '{}', 1, 2, 3), ('b', '{}', 4, 0, NULL)"
    )

    def rows(connection: Connection) -> list[Any]:
        columns = "id, type, payload, at, attempts, not_before, last_error, dead_at"
        return [tuple(row) for row in connection.execute(text(f"SELECT {columns} FROM outbox ORDER BY id"))]  # noqa: S608

    def add(statement: str) -> Any:
        def run(connection: Connection) -> None:
            connection.execute(text(statement))
            connection.commit()

        return run

    upgrade(empty_url, "0003")
    looked_at(empty_url, add(stored))
    looked_at(empty_url, add("DELETE FROM outbox WHERE type = 'b'"))
    looked_at(empty_url, add("INSERT INTO outbox (type, payload, at) VALUES ('c', '{}', 5)"))
    before = looked_at(empty_url, rows)
    upgrade(empty_url)
    assert looked_at(empty_url, rows) == before
    looked_at(empty_url, add("INSERT INTO outbox (type, payload, at) VALUES ('d', '{}', 6)"))
    downgrade(empty_url, "0003")
    looked_at(empty_url, add("INSERT INTO outbox (type, payload, at) VALUES ('e', '{}', 7)"))
    after = looked_at(empty_url, rows)
    assert after[:2] == before
    assert [row[0] for row in after] == sorted({row[0] for row in after}), "numbers are given once, in order"
    assert [row[1] for row in after] == ["a", "c", "d", "e"]


def test_the_migrations_name_every_table(database_url: str) -> None:
    def names(connection: Connection) -> set[str]:
        found = set(inspect(connection).get_table_names()) - {"alembic_version"}
        return {name for name in found if not_a_partition(name, "table", None)}

    made = {*r0001_chat.TABLES, *r0002_live.TABLES, *r0003_notifications.NEW}
    assert looked_at(database_url, names) == made == set(metadata.tables)
