"""Templates that operators wrote; the ones that come with the hub are files."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, Column, ColumnElement, Integer, Row, String, Table, Text, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.base import Millis, UserId, metadata
from persistence.upsert import insert

template = Table(
    "template",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("locale", String(8), primary_key=True),
    Column("variant", String(16), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("weight", Integer, nullable=False),
    Column("subject", Text),
    Column("body", Text, nullable=False),
    Column("html", Text),
    Column("author", UserId, nullable=False),
    Column("created_at", Millis, nullable=False),
    Column("active", Boolean, nullable=False),
)
"""Versions are never changed; the active one of each (name, channel, locale, variant) is used."""


async def active(connection: AsyncConnection) -> Sequence[Row[Any]]:
    """Every template that is in use, older versions first."""
    return (await connection.execute(select(template).where(template.c.active).order_by(template.c.version))).all()


async def names(connection: AsyncConnection) -> Sequence[Row[str, str, str, bool]]:
    """(name, channel, locale, active) of each that was ever written, without its text."""
    columns = template.c.name, template.c.channel, template.c.locale, template.c.active
    return (await connection.execute(select(*columns).distinct().order_by(*columns))).all()


async def versions(connection: AsyncConnection, name: str, *, limit: int = 200) -> Sequence[Row[Any]]:
    """The versions of a template on all channels and in all languages, newest first."""
    query = select(template).where(template.c.name == name)
    newest = template.c.created_at.desc(), template.c.version.desc(), template.c.channel, template.c.locale
    return (await connection.execute(query.order_by(*newest).limit(limit))).all()


async def add(connection: AsyncConnection, values: Mapping[str, Any]) -> int:
    """Stores the next version of a variant; its number. `values` has every column but `version`."""
    newest = select(func.max(template.c.version)).where(_of(values))
    while True:
        version = ((await connection.execute(newest)).scalar() or 0) + 1
        statement = insert(connection, template).values(**values, version=version).on_conflict_do_nothing()
        # Nothing comes back when somebody else has just taken the number.
        if (await connection.execute(statement.returning(template.c.version))).first() is not None:
            return int(version)


async def use(
    connection: AsyncConnection, key: Mapping[str, Any], version: int | None, *, weight: int | None = None
) -> bool:
    """Makes `version` the active one of a variant (None: none of them); False when there is no such version."""
    await connection.execute(update(template).where(_of(key), template.c.active).values(active=False))
    if version is None:
        return True
    values: dict[str, Any] = {"active": True} if weight is None else {"active": True, "weight": weight}
    chosen = update(template).where(_of(key), template.c.version == version)
    return (await connection.execute(chosen.values(**values))).rowcount == 1


def _of(key: Mapping[str, Any]) -> ColumnElement[bool]:
    return and_(*(template.c[column] == key[column] for column in ("name", "channel", "locale", "variant")))
