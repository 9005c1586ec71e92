"""Rows of a table by pairs of key values: one statement, an index look-up a pair however many rows the table has."""

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from sqlalchemy import Table, Text, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import TextualSelect
from sqlalchemy.types import TypeEngine

Pair = tuple[str, Any]


def statements(
    table: Table,
    columns: tuple[str, str],
    second: type[TypeEngine[Any]] = Text,
    *,
    first: TypeEngine[Any] | type[TypeEngine[Any]] = UUID(as_uuid=False),  # noqa: B008  (types are never changed)
    lock: bool = False,
    where: str = "true",
) -> dict[str, TextualSelect]:
    """Dialect -> the statement for the pairs given by `parameters`; the columns are of the types `first` and `second`.

    With `lock` the rows stay as they are until the transaction ends; they are locked in the order of the pairs.
    `where` is a condition of ours on the table's columns, which has to be in the statement for a partial index.
    """
    first_name, second_name = columns
    # FOR NO KEY UPDATE: a foreign key's check does not have to wait. OFFSET 0 keeps PostgreSQL from planning another
    # join: made while the table is empty, its plan would read all of it later.
    inner = "FOR NO KEY UPDATE" if lock else "OFFSET 0"
    postgresql = text(
        "SELECT m.* FROM unnest(:firsts, :seconds) AS k (a, b) CROSS JOIN LATERAL"  # noqa: S608  (names of our tables)
        f" (SELECT * FROM {table.name} WHERE {first_name} = k.a AND {second_name} = k.b"
        f" AND {where} {inner}) m"
    ).bindparams(
        bindparam("firsts", type_=ARRAY(first)),
        bindparam("seconds", type_=ARRAY(second)),
    )
    # A row-value IN would read the whole table; CROSS JOIN keeps the pairs as the outer loop.
    sqlite = text(
        f"SELECT m.* FROM json_each(:pairs) AS k CROSS JOIN {table.name} AS m"  # noqa: S608
        f" ON m.{first_name} = json_extract(k.value, '$[0]') AND m.{second_name} = json_extract(k.value, '$[1]')"
        f" AND {where}"
    ).bindparams(bindparam("pairs", type_=Text))
    return {"postgresql": _typed(postgresql, table), "sqlite": _typed(sqlite, table)}


def _typed(statement: TextClause, table: Table) -> TextualSelect:
    return statement.columns(*table.c)


def parameters(connection: AsyncConnection, pairs: Collection[Pair]) -> dict[str, Any]:
    """The parameters of such a statement; in order, so that two transactions cannot wait for each other's locks."""
    ordered: Sequence[Pair] = sorted(set(pairs))
    if connection.dialect.name == "postgresql":
        return {"firsts": [first for first, _ in ordered], "seconds": [second for _, second in ordered]}
    return {"pairs": msgspec.json.encode(ordered).decode()}
