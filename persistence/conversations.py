"""Conversations: their state, their numbers, and the log of changes."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    String,
    Table,
    and_,
    insert,
    not_,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.views import LIVE_KINDS
from persistence import bulk
from persistence.base import Id, Millis, UserId, metadata
from persistence.engine import any_of, one_of
from persistence.members import member

OPEN = text("state = 'open'")
TO_OPEN = text("state = 'open' AND NOT begin_told")
"""What is still to begin, and everybody to be told when it does."""

conversation = Table(
    "conversation",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("order_id", String(128)),
    Column("title", String(200)),
    Column("state", String(16), nullable=False),
    Column("reason", String(64)),
    Column("opens_at", Millis),
    Column("closes_at", Millis),
    Column("begin_told", Boolean, nullable=False, server_default=true()),
    Column("slow_mode_seconds", Integer, nullable=False, server_default="0"),
    Column("last_seq", Integer, nullable=False),
    Column("last_rev", Integer, nullable=False),
    Column("created_by", UserId, nullable=False),
    Column("created_at", Millis, nullable=False),
    Column("updated_at", Millis, nullable=False),
    CheckConstraint("state IN ('open', 'closed')", name="state_known"),
    CheckConstraint("last_seq >= 0 AND last_rev >= last_seq", name="rev_counts_every_message"),
    CheckConstraint("slow_mode_seconds >= 0", name="slow_mode_waits"),
    Index("ix_conversation_opens_at", "opens_at", postgresql_where=TO_OPEN, sqlite_where=TO_OPEN),
    Index("ix_conversation_closes_at", "closes_at", postgresql_where=OPEN, sqlite_where=OPEN),
)

conversation_change = Table(
    "conversation_change",
    metadata,
    Column("conversation_id", Id, ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("rev", Integer, primary_key=True),
    Column("type", String(32), nullable=False),
    Column("seq", Integer),
    Column("at", Millis, nullable=False),
)
"""The log, but for new messages: those are logged by their own row (`message.created_rev`)."""


async def add(connection: AsyncConnection, values: Mapping[str, Any]) -> None:
    """Inserts a conversation that has no messages yet."""
    await connection.execute(insert(conversation).values(last_seq=0, last_rev=0, **values))


async def get(connection: AsyncConnection, conversation_id: str) -> Row[Any] | None:
    """The row of one conversation."""
    return (await connection.execute(select(conversation).where(conversation.c.id == conversation_id))).one_or_none()


async def lock(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Row[Any]]:
    """The rows of `ids`, locked until the transaction ends, so that numbers are taken in commit order.

    In the order of their ids, so that two transactions cannot wait for each other.
    """
    found = await connection.execute(_lock(connection.dialect.name), {"ids": list(ids)})
    return {row.id: row for row in found}


@cache
def _lock(dialect: str) -> Select[Any]:
    # FOR NO KEY UPDATE: a foreign key's check, such as a new delivery's, does not have to wait.
    wanted = select(conversation).where(any_of(conversation.c.id, "ids", dialect))
    return wanted.order_by(conversation.c.id).with_for_update(key_share=True)


def is_open(now: int) -> ColumnElement[bool]:
    """Whether the access window is open at `now` (ms), also before a timer has written down that it ended."""
    begun = or_(conversation.c.opens_at.is_(None), conversation.c.opens_at <= now)
    lasts = or_(conversation.c.closes_at.is_(None), conversation.c.closes_at > now)
    return and_(conversation.c.state == "open", begun, lasts)


async def of_member(
    connection: AsyncConnection,
    user_id: str,
    *,
    limit: int,
    now: int,
    before: tuple[int, str] | None = None,
    state: str | None = None,
) -> Sequence[Row[Any]]:
    """The member's conversations, newest activity first, with the member's own columns as `member_*`.

    `before` is the (updated_at, id) of the last one already seen.
    """
    query = (
        select(
            conversation,
            member.c.role.label("member_role"),
            member.c.read_seq.label("member_read_seq"),
        )
        .join(member, member.c.conversation_id == conversation.c.id)
        .where(member.c.user_id == user_id)
        .order_by(conversation.c.updated_at.desc(), conversation.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        at, last_id = before
        older = and_(conversation.c.updated_at == at, conversation.c.id < last_id)
        query = query.where(or_(conversation.c.updated_at < at, older))
    if state is not None:
        query = query.where(is_open(now) if state == "open" else not_(is_open(now)))
    return (await connection.execute(query)).all()


async def listed_by(connection: AsyncConnection, conversation_id: str) -> Sequence[str]:
    """The members of a conversation that is no live room."""
    query = (
        select(member.c.user_id)
        .join(conversation, conversation.c.id == member.c.conversation_id)
        .where(conversation.c.id == conversation_id, conversation.c.kind.not_in(LIVE_KINDS))
        .order_by(member.c.joined_at, member.c.user_id)
    )
    return (await connection.execute(query)).scalars().all()


async def set_heads(connection: AsyncConnection, heads: Sequence[tuple[str, int, int, int]]) -> None:
    """Writes (id, last_seq, last_rev, updated_at) of conversations that this transaction has locked."""
    keys = ("id", "last_seq", "last_rev", "updated_at")
    await bulk.update_many(connection, conversation, ["id"], [dict(zip(keys, row, strict=True)) for row in heads])


async def set_state(connection: AsyncConnection, conversation_id: str, values: Mapping[str, Any]) -> None:
    """Writes state columns of a conversation that this transaction has locked."""
    await connection.execute(update(conversation).where(conversation.c.id == conversation_id).values(**values))


async def log_change(
    connection: AsyncConnection, conversation_id: str, *, rev: int, change: str, seq: int | None, at: int
) -> None:
    """Appends to the log of a conversation that this transaction has locked, and moves its head to `rev`."""
    await connection.execute(
        insert(conversation_change).values(conversation_id=conversation_id, rev=rev, type=change, seq=seq, at=at)
    )
    await connection.execute(
        update(conversation).where(conversation.c.id == conversation_id).values(last_rev=rev, updated_at=at)
    )


async def begun(connection: AsyncConnection, *, now: int, limit: int) -> Sequence[str]:
    """Ids of conversations whose window has begun and who have not been told so."""
    query = select(conversation.c.id).where(TO_OPEN, conversation.c.opens_at <= now)
    return (await connection.execute(query.order_by(conversation.c.opens_at).limit(limit))).scalars().all()


async def past_their_time(connection: AsyncConnection, *, now: int, limit: int) -> Sequence[str]:
    """Ids of open conversations whose window has ended."""
    query = select(conversation.c.id).where(conversation.c.state == "open", conversation.c.closes_at <= now)
    return (await connection.execute(query.order_by(conversation.c.closes_at).limit(limit))).scalars().all()


async def heads(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Conversation id -> its kind and last_seq."""
    found = await connection.execute(_heads(connection.dialect.name), {"ids": list(ids)})
    return {row.id: row for row in found}


@cache
def _heads(dialect: str) -> Select[Any]:
    wanted = any_of(conversation.c.id, "ids", dialect)
    return select(conversation.c.id, conversation.c.kind, conversation.c.last_seq).where(wanted)


async def of_ids(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Several conversations by id."""
    query = select(conversation).where(one_of(connection, conversation.c.id, ids))
    return {row.id: row for row in await connection.execute(query)}
