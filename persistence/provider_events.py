"""What providers reported of deliveries: facts, each stored once, in whatever order they came."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Index, Row, String, Table, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.base import Id, Millis, metadata
from persistence.deliveries import delivery
from persistence.engine import one_of
from persistence.upsert import insert

OF_DELIVERY = text("delivery_id IS NOT NULL")
OF_PROVIDER = text("provider_id IS NOT NULL")

provider_event = Table(
    "provider_event",
    metadata,
    Column("provider", String(32), primary_key=True),
    Column("external_id", String(200), primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("delivery_id", Id),
    Column("provider_id", String(200)),
    Column("reason", String(200)),
    Column("at", Millis, nullable=False),
    Column("received_at", Millis, nullable=False),
    Index("ix_provider_event_delivery_id", "delivery_id", postgresql_where=OF_DELIVERY, sqlite_where=OF_DELIVERY),
    Index("ix_provider_event_provider_id", "provider_id", postgresql_where=OF_PROVIDER, sqlite_where=OF_PROVIDER),
)

Key = tuple[str, str]
"""(provider, external id)."""
AT_ONCE = 500
"""Rows of one statement; the databases bound how many values it may have."""


async def add(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> set[Key]:
    """Stores facts; the keys of those that are new. Two that store the same cannot wait for each other."""
    new = set[Key]()
    ordered = sorted(rows, key=lambda row: (row["provider"], row["external_id"]))
    for some in _slices(ordered):
        statement = insert(connection, provider_event).values(some).on_conflict_do_nothing()
        added = await connection.execute(statement.returning(provider_event.c.provider, provider_event.c.external_id))
        new.update((row[0], row[1]) for row in added)
    return new


def _slices(rows: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    return (rows[begin : begin + AT_ONCE] for begin in range(0, len(rows), AT_ONCE))


async def of_key(connection: AsyncConnection, key: Key) -> Row[Any] | None:
    """The fact of this name."""
    provider, external_id = key
    query = select(provider_event).where(
        provider_event.c.provider == provider, provider_event.c.external_id == external_id
    )
    return (await connection.execute(query)).one_or_none()


async def answers(connection: AsyncConnection, key: Key, delivery_id: str) -> None:
    """Notes which delivery a person's message answers."""
    provider, external_id = key
    await connection.execute(
        update(provider_event)
        .where(provider_event.c.provider == provider, provider_event.c.external_id == external_id)
        .values(delivery_id=delivery_id)
    )


async def about(
    connection: AsyncConnection, delivery_ids: Collection[str], provider_ids: Collection[str]
) -> Sequence[Row[Any]]:
    """The facts that name one of these deliveries by our id or by the provider's."""
    of_delivery = OF_DELIVERY & one_of(connection, provider_event.c.delivery_id, sorted(delivery_ids))
    of_provider = OF_PROVIDER & one_of(connection, provider_event.c.provider_id, sorted(provider_ids))
    return (await connection.execute(select(provider_event).where(or_(of_delivery, of_provider)))).all()


async def ids_of(connection: AsyncConnection, provider_ids: Collection[str]) -> set[str]:
    """The deliveries that providers know by these ids."""
    known = text("delivery.provider_id IS NOT NULL")  # spelled out for the partial index
    query = select(delivery.c.id).where(known, one_of(connection, delivery.c.provider_id, sorted(provider_ids)))
    return set((await connection.execute(query)).scalars())
