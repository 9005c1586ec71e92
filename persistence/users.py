"""People: profile, contacts and languages."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Index, Row, String, Table, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.base import Json, Millis, UserId, metadata
from persistence.engine import one_of
from persistence.upsert import insert

user = Table(
    "app_user",
    metadata,
    Column("id", UserId, primary_key=True),
    Column("display_name", String(200), nullable=False),
    Column("roles", Json, nullable=False),
    Column("email", String(320)),
    Column("phone", String(32)),
    Column("locale", String(16), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("quiet_start", String(5)),
    Column("quiet_end", String(5)),
    Column("created_at", Millis, nullable=False),
    Column("updated_at", Millis, nullable=False),
    Column("sessions_revoked_at", Millis),
    Index("ix_app_user_phone", "phone"),
)
"""A token that was issued before `sessions_revoked_at` is worth nothing any more."""


async def get(connection: AsyncConnection, user_id: str) -> Row[Any] | None:
    """The row of one user."""
    return (await connection.execute(select(user).where(user.c.id == user_id))).one_or_none()


async def lock(connection: AsyncConnection, user_id: str) -> None:
    """Keeps a user's row until the transaction ends: whoever else locks it waits."""
    await connection.execute(select(user.c.id).where(user.c.id == user_id).with_for_update(key_share=True))


async def known(connection: AsyncConnection, user_ids: Iterable[str]) -> set[str]:
    """Which of `user_ids` exist."""
    found = await connection.execute(select(user.c.id).where(one_of(connection, user.c.id, user_ids)))
    return set(found.scalars())


async def names(connection: AsyncConnection, user_ids: Iterable[str]) -> dict[str, str]:
    """User id -> display name, of those who exist."""
    query = select(user.c.id, user.c.display_name).where(one_of(connection, user.c.id, user_ids))
    return {row.id: row.display_name for row in await connection.execute(query)}


async def save(connection: AsyncConnection, values: Mapping[str, Any]) -> None:
    """Inserts the user, or replaces every given column but `created_at`."""
    changes = {key: value for key, value in values.items() if key not in ("id", "created_at")}
    statement = insert(connection, user).values(**values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changes))


async def change(connection: AsyncConnection, user_id: str, values: Mapping[str, Any]) -> None:
    """Writes columns of one user."""
    await connection.execute(update(user).where(user.c.id == user_id).values(**values))


async def add_missing(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts those of `rows` whose id is new."""
    if rows:
        await connection.execute(insert(connection, user).on_conflict_do_nothing(index_elements=["id"]), list(rows))


async def revoke_sessions(connection: AsyncConnection, user_id: str, *, at: int) -> None:
    """Marks the moment before which tokens are worth nothing; it only moves forward."""
    earlier = or_(user.c.sessions_revoked_at.is_(None), user.c.sessions_revoked_at < at)
    await connection.execute(update(user).where(user.c.id == user_id, earlier).values(sessions_revoked_at=at))


async def sessions_revoked_at(connection: AsyncConnection, user_id: str) -> int | None:
    """The moment (ms) before which the user's tokens are worth nothing, if there is one."""
    query = select(user.c.sessions_revoked_at).where(user.c.id == user_id)
    return (await connection.execute(query)).scalar_one_or_none()


async def exists_already(connection: AsyncConnection, user_id: str) -> bool:
    """Whether the user has a row."""
    return bool((await connection.execute(select(exists().where(user.c.id == user_id)))).scalar())


async def clear_contacts(connection: AsyncConnection, user_id: str, *, name: str, at: int) -> bool:
    """Forgets who the user is and how to reach them; whether there was such a user."""
    done = await connection.execute(
        update(user)
        .where(user.c.id == user_id)
        .values(display_name=name, email=None, phone=None, quiet_start=None, quiet_end=None, updated_at=at)
    )
    return done.rowcount > 0
