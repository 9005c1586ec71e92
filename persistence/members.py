"""Who takes part in a conversation, and how far each has received and read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import bulk, pairs
from persistence.base import Id, Millis, UserId, metadata
from persistence.engine import one_of
from persistence.users import user

member = Table(
    "conversation_member",
    metadata,
    Column("conversation_id", Id, ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", UserId, ForeignKey("app_user.id"), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("delivered_seq", Integer, nullable=False),
    Column("read_seq", Integer, nullable=False),
    Column("joined_at", Millis, nullable=False),
    CheckConstraint("delivered_seq >= read_seq AND read_seq >= 0", name="read_is_delivered"),
    Index("ix_conversation_member_user_id", "user_id"),
)

Pair = tuple[str, str]
"""(conversation id, user id)."""

OF_PAIRS = pairs.statements(member, ("conversation_id", "user_id"))
LOCKED_OF_PAIRS = pairs.statements(member, ("conversation_id", "user_id"), lock=True)


async def add(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts members, who have received nothing yet."""
    await connection.execute(insert(member), [{"delivered_seq": 0, "read_seq": 0, **row} for row in rows])


async def get(connection: AsyncConnection, conversation_id: str, user_id: str) -> Row[Any] | None:
    """One member's row."""
    query = select(member).where(member.c.conversation_id == conversation_id, member.c.user_id == user_id)
    return (await connection.execute(query)).one_or_none()


async def of_conversations(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, list[Row[Any]]]:
    """The members of each conversation with their `display_name`, in the order in which they joined."""
    query = (
        select(member, user.c.display_name)
        .join(user, user.c.id == member.c.user_id)
        .where(one_of(connection, member.c.conversation_id, ids))
        .order_by(member.c.conversation_id, member.c.joined_at, member.c.user_id)
    )
    grouped: dict[str, list[Row[Any]]] = {}
    for row in await connection.execute(query):
        grouped.setdefault(row.conversation_id, []).append(row)
    return grouped


async def of_pairs(connection: AsyncConnection, wanted: Iterable[Pair], *, lock: bool = False) -> dict[Pair, Row[Any]]:
    """The rows of these (conversation, user) pairs that exist; `lock` holds them until the transaction ends."""
    statement = (LOCKED_OF_PAIRS if lock else OF_PAIRS)[connection.dialect.name]
    rows = await connection.execute(statement, pairs.parameters(connection, set(wanted)))
    return {(row.conversation_id, row.user_id): row for row in rows}


async def set_watermarks(connection: AsyncConnection, rows: Sequence[tuple[str, str, int, int]]) -> None:
    """Writes (conversation, user, delivered_seq, read_seq) of members that this transaction has locked."""
    keys = ("conversation_id", "user_id", "delivered_seq", "read_seq")
    moved = [dict(zip(keys, row, strict=True)) for row in rows]
    await bulk.update_many(connection, member, ["conversation_id", "user_id"], moved)


async def sharing_a_conversation(connection: AsyncConnection, user_id: str, others: Iterable[str]) -> set[str]:
    """Which of `others` take part in any conversation with the user."""
    mine, theirs = member.alias("mine"), member.alias("theirs")
    query = (
        select(theirs.c.user_id)
        .join(mine, mine.c.conversation_id == theirs.c.conversation_id)
        .where(mine.c.user_id == user_id, one_of(connection, theirs.c.user_id, others))
        .distinct()
    )
    return set((await connection.execute(query)).scalars())


async def conversation_ids_of(connection: AsyncConnection, user_id: str) -> Sequence[str]:
    """All conversations that the user takes part in."""
    query = select(member.c.conversation_id).where(member.c.user_id == user_id).order_by(member.c.conversation_id)
    return (await connection.execute(query)).scalars().all()
