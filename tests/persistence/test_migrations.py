"""Migrations run up, down and up again, and what they make is what the tables in the code say."""

import asyncio
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from hub.migrate import downgrade, upgrade
from migrations.versions import r0001_chat, r0002_live
from persistence.base import metadata
from persistence.engine import create_engine


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
        opts = {"compare_type": True, "compare_server_default": has_identity}
        context = MigrationContext.configure(connection, opts=opts)
        return compare_metadata(context, metadata)

    assert looked_at(database_url, differences) == []


def test_each_step_back_can_be_gone_forward_again(empty_url: str) -> None:
    upgrade(empty_url)
    first = looked_at(empty_url, objects)

    downgrade(empty_url, "0001")
    assert "live_turn" not in looked_at(empty_url, objects)
    upgrade(empty_url)

    assert looked_at(empty_url, objects) == first


def test_the_migrations_name_every_table(database_url: str) -> None:
    def names(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}

    assert looked_at(database_url, names) == {*r0001_chat.TABLES, *r0002_live.TABLES} == set(metadata.tables)
