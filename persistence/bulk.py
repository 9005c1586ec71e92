"""Many rows in one statement. `executemany` sends PostgreSQL a statement a row; arrays cost about a third of that.

A column in which all rows are alike is sent once: encoding an array costs by its elements.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Column, Table, TextClause, Update, bindparam, insert, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import TextualSelect
from sqlalchemy.types import TypeEngine

from persistence import upsert

FEW = 2
"""Up to so many rows the plain statement is as cheap."""

Rows = Sequence[Mapping[str, Any]]
Names = tuple[str, ...]


async def insert_many(connection: AsyncConnection, table: Table, rows: Rows) -> None:
    """Inserts rows, which all have the same columns, in their order."""
    if connection.dialect.name != "postgresql" or len(rows) <= FEW:
        await connection.execute(insert(table), list(rows))
        return
    various, alike, values = _parameters(rows)
    await connection.execute(_insert(table, various, alike), values)


async def insert_new(connection: AsyncConnection, table: Table, rows: Rows) -> set[Any]:
    """Inserts those of `rows` that break no unique constraint; the `id`s of the inserted ones.

    The rows all have the same columns, and are inserted in their order: two transactions that insert the same keys in
    the same order cannot wait for each other.
    """
    if not rows:
        return set()
    if connection.dialect.name != "postgresql":
        statement = upsert.insert(connection, table).on_conflict_do_nothing().returning(table.c.id)
        return {
            found
            for row in rows
            if (found := (await connection.execute(statement, dict(row))).scalar_one_or_none()) is not None
        }
    various, alike, values = _parameters(rows)
    return set((await connection.execute(_insert_new(table, various, alike), values)).scalars())


async def update_many(connection: AsyncConnection, table: Table, keys: Sequence[str], rows: Rows) -> None:
    """Updates a row for each of `rows`, which all have the same columns, found by those named in `keys`."""
    if connection.dialect.name != "postgresql" or len(rows) <= FEW:
        bound = [{f"new_{name}": value for name, value in row.items()} for row in rows]
        await connection.execute(_update_one(table, tuple(rows[0]), tuple(keys)), bound)
        return
    various, alike, values = _parameters(rows, keys)
    await connection.execute(_update(table, various, alike, tuple(keys)), values)


async def update_where(
    connection: AsyncConnection,
    table: Table,
    keys: Sequence[str],
    condition: str,
    rows: Rows,
    extra: tuple[tuple[str, TypeEngine[Any]], ...] = (),
) -> set[Any]:
    """PostgreSQL: updates a row for each of `rows` where `condition` on `t` (the row) and `k` (the values) holds.

    `keys` find the row; `extra` names values that are only there for the condition, with their types. The `id`s of the
    updated rows.
    """
    various, alike, values = _parameters(rows, (*keys, *(name for name, _ in extra)))
    statement = _update_where(table, various, alike, tuple(keys), condition, extra)
    return set((await connection.execute(statement, values)).scalars())


def _parameters(rows: Rows, keys: Sequence[str] = ()) -> tuple[Names, Names, dict[str, Any]]:
    """The columns that vary (the keys always do), those that are alike in all rows, and the values of both."""
    first = rows[0]
    various, alike = list(keys), []
    values: dict[str, Any] = {}
    for name, value in first.items():
        column = [row[name] for row in rows]
        if name in keys:
            values[name] = column
        elif column.count(value) == len(column):
            alike.append(name)
            values[name] = value
        else:
            various.append(name)
            values[name] = column
    if not various:  # one column has to say how many rows there are
        name = alike.pop()
        various.append(name)
        values[name] = [values[name]] * len(rows)
    return tuple(various), tuple(alike), values


def _bind(statement: TextClause, types: Mapping[str, TypeEngine[Any]], various: Names, alike: Names) -> TextClause:
    return statement.bindparams(
        *(bindparam(name, type_=ARRAY(types[name])) for name in various),
        *(bindparam(name, type_=types[name]) for name in alike),
    )


def _columns(table: Table) -> dict[str, TypeEngine[Any]]:
    return {column.name: column.type for column in table.c}


def _insert_text(table: Table, various: Names, alike: Names) -> str:
    columns = ", ".join((*various, *alike))
    values = ", ".join((*(f"k.{name}" for name in various), *(f":{name}" for name in alike)))
    arrays = ", ".join(f":{name}" for name in various)
    return f"INSERT INTO {table.name} ({columns}) SELECT {values} FROM unnest({arrays}) AS k ({', '.join(various)})"  # noqa: S608


@cache
def _insert(table: Table, various: Names, alike: Names) -> TextClause:
    return _bind(text(_insert_text(table, various, alike)), _columns(table), various, alike)


@cache
def _insert_new(table: Table, various: Names, alike: Names) -> TextualSelect:
    statement = text(f"{_insert_text(table, various, alike)} ON CONFLICT DO NOTHING RETURNING id")
    return _bind(statement, _columns(table), various, alike).columns(table.c.id)


@cache
def _update_one(table: Table, names: Names, keys: Names) -> Update:
    found = [table.c[key] == bindparam(f"new_{key}") for key in keys]
    return update(table).where(*found).values({name: bindparam(f"new_{name}") for name in names if name not in keys})


def _update_text(table: Table, various: Names, alike: Names, keys: Names, unwritten: Names = ()) -> str:
    written = [f"{name} = k.{name}" for name in various if name not in (*keys, *unwritten)]
    values = ", ".join([*written, *(f"{name} = :{name}" for name in alike)])
    arrays = ", ".join(f":{name}" for name in various)
    found = " AND ".join(f"t.{key} = k.{key}" for key in keys)
    return f"UPDATE {table.name} AS t SET {values} FROM unnest({arrays}) AS k ({', '.join(various)}) WHERE {found}"  # noqa: S608


@cache
def _update(table: Table, various: Names, alike: Names, keys: Names) -> TextClause:
    return _bind(text(_update_text(table, various, alike, keys)), _columns(table), various, alike)


@cache
def _update_where(
    table: Table,
    various: Names,
    alike: Names,
    keys: Names,
    condition: str,
    extra: tuple[tuple[str, TypeEngine[Any]], ...],
) -> TextualSelect:
    unwritten = tuple(name for name, _ in extra)
    statement = text(f"{_update_text(table, various, alike, keys, unwritten)} AND {condition} RETURNING t.id")
    returning: Column[Any] = table.c.id
    return _bind(statement, {**_columns(table), **dict(extra)}, various, alike).columns(returning)
