"""Many rows in one statement. `executemany` sends PostgreSQL a statement a row; arrays cost about a third of that."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Table, TextClause, Update, bindparam, insert, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

FEW = 2
"""Up to so many rows the plain statement is as cheap."""


async def insert_many(connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows, which all have the same columns, in their order."""
    if connection.dialect.name != "postgresql" or len(rows) <= FEW:
        await connection.execute(insert(table), list(rows))
        return
    names = tuple(rows[0])
    await connection.execute(_statement(table, names), {name: [row[name] for row in rows] for name in names})


async def update_many(
    connection: AsyncConnection, table: Table, keys: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Updates a row for each of `rows`, which all have the same columns, found by those named in `keys`."""
    names = tuple(rows[0])
    if connection.dialect.name != "postgresql" or len(rows) <= FEW:
        bound = [{f"new_{name}": value for name, value in row.items()} for row in rows]
        await connection.execute(_update_one(table, names, tuple(keys)), bound)
        return
    statement = _update_statement(table, names, tuple(keys))
    await connection.execute(statement, {name: [row[name] for row in rows] for name in names})


@cache
def _update_one(table: Table, names: tuple[str, ...], keys: tuple[str, ...]) -> Update:
    found = [table.c[key] == bindparam(f"new_{key}") for key in keys]
    return update(table).where(*found).values({name: bindparam(f"new_{name}") for name in names if name not in keys})


@cache
def _update_statement(table: Table, names: tuple[str, ...], keys: tuple[str, ...]) -> TextClause:
    values = ", ".join(f"{name} = k.{name}" for name in names if name not in keys)
    arrays = ", ".join(f":{name}" for name in names)
    found = " AND ".join(f"t.{key} = k.{key}" for key in keys)
    statement = text(
        f"UPDATE {table.name} AS t SET {values} FROM unnest({arrays}) AS k ({', '.join(names)}) WHERE {found}"  # noqa: S608
    )
    return statement.bindparams(*(bindparam(name, type_=ARRAY(table.c[name].type)) for name in names))


@cache
def _statement(table: Table, names: tuple[str, ...]) -> TextClause:
    columns = ", ".join(names)
    arrays = ", ".join(f":{name}" for name in names)
    statement = text(f"INSERT INTO {table.name} ({columns}) SELECT * FROM unnest({arrays})")  # noqa: S608  (our names)
    return statement.bindparams(*(bindparam(name, type_=ARRAY(table.c[name].type)) for name in names))
