"""What people chose: which channel may tell them of what."""

from collections.abc import Collection, Mapping

from sqlalchemy import Boolean, Column, String, Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.base import Millis, UserId, metadata
from persistence.upsert import insert

preference = Table(
    "preference",
    metadata,
    Column("user_id", UserId, primary_key=True),
    Column("scope", String(100), primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("allowed", Boolean, nullable=False),
    Column("updated_at", Millis, nullable=False),
)
"""`scope` is `all`, `category:…`, `event:…` or `conversation:…`; `channel` one of the channels, or `*` for all."""


async def of_user(connection: AsyncConnection, user_id: str) -> dict[tuple[str, str], bool]:
    """(scope, channel) -> allowed, for what a person chose."""
    query = select(preference).where(preference.c.user_id == user_id)
    ordered = query.order_by(preference.c.scope, preference.c.channel)
    return {(row.scope, row.channel): row.allowed for row in await connection.execute(ordered)}


async def choose(
    connection: AsyncConnection, user_id: str, choices: Mapping[tuple[str, str], bool], *, at: int
) -> None:
    """Writes (scope, channel) -> allowed, in one order, so that two writers cannot wait for each other."""
    if not choices:
        return
    rows = [
        {"user_id": user_id, "scope": scope, "channel": channel, "allowed": allowed, "updated_at": at}
        for (scope, channel), allowed in sorted(choices.items())
    ]
    statement = insert(connection, preference)
    replace = statement.on_conflict_do_update(
        index_elements=["user_id", "scope", "channel"],
        set_={"allowed": statement.excluded.allowed, "updated_at": statement.excluded.updated_at},
    )
    await connection.execute(replace, rows)


async def forget(connection: AsyncConnection, user_id: str, keys: Collection[tuple[str, str]]) -> None:
    """Removes choices by (scope, channel): the defaults hold again."""
    for scope, channel in sorted(keys):
        await connection.execute(
            delete(preference).where(
                preference.c.user_id == user_id, preference.c.scope == scope, preference.c.channel == channel
            )
        )


async def erase(connection: AsyncConnection, user_id: str) -> None:
    """Forgets all that a person chose."""
    await connection.execute(delete(preference).where(preference.c.user_id == user_id))
