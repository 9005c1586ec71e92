"""Alembic's entry: runs the migrations over the same async drivers as the hub."""

import asyncio

from alembic import context
from sqlalchemy.engine import Connection

import persistence.conversations
import persistence.deliveries
import persistence.idempotency
import persistence.members
import persistence.messages
import persistence.outbox
import persistence.turns
import persistence.users  # noqa: F401  (each import adds its tables to the metadata)
from persistence.base import metadata
from persistence.engine import create_engine


def _run(connection: Connection) -> None:
    # SQLite cannot alter most things in place; "batch" mode copies the table instead.
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
        transactional_ddl=True,  # also on SQLite: our engine begins its transactions itself
    )
    with context.begin_transaction():
        context.run_migrations()


async def _connect() -> None:
    engine = create_engine(context.config.attributes["database_url"])
    async with engine.connect() as connection:
        await connection.run_sync(_run)
        await connection.commit()
    await engine.dispose()


asyncio.run(_connect())
