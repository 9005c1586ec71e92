"""Messages: writing them in groups, reading them by number, and counting what is unread."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    Text,
    bindparam,
    case,
    func,
    literal,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.ext.asyncio import AsyncConnection

from hub.views import LIVE_KINDS
from persistence import bulk, members, pairs
from persistence.base import Id, Json, Millis, UserId, metadata
from persistence.conversations import conversation, conversation_change
from persistence.engine import one_of
from persistence.members import member

message = Table(
    "message",
    metadata,
    Column("conversation_id", Id, ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("id", Id, nullable=False, unique=True),
    Column("created_rev", Integer, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("sender_id", UserId, nullable=False),
    Column("client_message_id", String(128), nullable=False),
    Column("sent_digest", LargeBinary(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("body_state", String(16), nullable=False),
    Column("reply_to_seq", Integer),
    Column("reactions", Json, nullable=False),
    Column("created_at", Millis, nullable=False),
    Column("edited_at", Millis),
    Column("deleted_at", Millis),
    Index("uq_message_client_message_id", "sender_id", "client_message_id", "conversation_id", unique=True),
    Index("uq_message_created_rev", "conversation_id", "created_rev", unique=True),
)
"""The sender needs no foreign key, which would cost a look-up a message: only members send, and members have one.

`sent_digest` is taken of what was first sent, so that a repeat is told from a conflict even after an edit."""

Key = tuple[str, str, str]
"""(conversation id, sender id, client_message_id): one message, for ever."""

# OFFSET 0 keeps PostgreSQL from planning a join: made while the table is empty, its plan would read all of it later.
_SENT_BEFORE_POSTGRESQL = (
    text(
        "SELECT m.* FROM unnest(:conversations, :senders, :ids) AS k (c, s, i) CROSS JOIN LATERAL"
        " (SELECT * FROM message WHERE sender_id = k.s AND client_message_id = k.i OFFSET 0) m"
        " WHERE m.conversation_id = k.c"
    )
    .bindparams(
        bindparam("conversations", type_=ARRAY(UUID(as_uuid=False))),
        bindparam("senders", type_=ARRAY(Text)),
        bindparam("ids", type_=ARRAY(Text)),
    )
    .columns(*message.c)
)
# A row-value IN would read the whole table; CROSS JOIN keeps the keys as the outer loop.
_SENT_BEFORE_SQLITE = (
    text(
        "SELECT m.* FROM json_each(:keys) AS k CROSS JOIN message AS m"
        " ON m.sender_id = json_extract(k.value, '$[1]') AND m.client_message_id = json_extract(k.value, '$[2]')"
        " AND m.conversation_id = json_extract(k.value, '$[0]')"
    )
    .bindparams(bindparam("keys", type_=Text))
    .columns(*message.c)
)

_BY_NUMBER = pairs.statements(message, ("conversation_id", "seq"), Integer)


async def sent_before(connection: AsyncConnection, keys: Sequence[Key]) -> dict[Key, Row[Any]]:
    """Those of `keys` that are stored already: one statement, an index look-up a key however large the table is."""
    if connection.dialect.name == "postgresql":
        conversations, senders, ids = zip(*keys, strict=True)
        parameters = {"conversations": list(conversations), "senders": list(senders), "ids": list(ids)}
        rows = await connection.execute(_SENT_BEFORE_POSTGRESQL, parameters)
    else:
        rows = await connection.execute(_SENT_BEFORE_SQLITE, {"keys": msgspec.json.encode(keys).decode()})
    return {(row.conversation_id, row.sender_id, row.client_message_id): row for row in rows}


async def add(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts messages whose numbers were taken under their conversations' locks."""
    await bulk.insert_many(connection, message, rows)


async def get(connection: AsyncConnection, conversation_id: str, seq: int) -> Row[Any] | None:
    """One message by its number."""
    query = select(message).where(message.c.conversation_id == conversation_id, message.c.seq == seq)
    return (await connection.execute(query)).one_or_none()


async def by_seq(connection: AsyncConnection, conversation_id: str, seqs: Iterable[int]) -> dict[int, Row[Any]]:
    """Several messages of one conversation, by number."""
    query = select(message).where(
        message.c.conversation_id == conversation_id, one_of(connection, message.c.seq, sorted(set(seqs)))
    )
    return {row.seq: row for row in await connection.execute(query)}


async def page(
    connection: AsyncConnection, conversation_id: str, *, limit: int, before_seq: int | None = None
) -> list[Row[Any]]:
    """The last `limit` messages (before `before_seq`), oldest first."""
    query = select(message).where(message.c.conversation_id == conversation_id)
    if before_seq is not None:
        query = query.where(message.c.seq < before_seq)
    rows = (await connection.execute(query.order_by(message.c.seq.desc()).limit(limit))).all()
    return list(reversed(rows))


async def lasts(connection: AsyncConnection, heads: Iterable[tuple[str, int]]) -> dict[str, Row[Any]]:
    """The last message of each (conversation id, last_seq) that has one."""
    wanted = {(of, seq) for of, seq in heads if seq}
    if not wanted:
        return {}
    rows = await connection.execute(_BY_NUMBER[connection.dialect.name], pairs.parameters(connection, wanted))
    return {row.conversation_id: row for row in rows}


async def change(connection: AsyncConnection, conversation_id: str, seq: int, values: Mapping[str, Any]) -> None:
    """Writes columns of one message whose conversation this transaction has locked."""
    where = (message.c.conversation_id == conversation_id, message.c.seq == seq)
    await connection.execute(update(message).where(*where).values(**values))


async def log_after(connection: AsyncConnection, conversation_id: str, rev: int, *, limit: int) -> Sequence[Row[Any]]:
    """Entries (rev, type, seq) of the log after `rev`, in order and without holes."""
    news = select(
        message.c.created_rev.label("rev"), literal("message.new").label("type"), message.c.seq.label("seq")
    ).where(message.c.conversation_id == conversation_id, message.c.created_rev > rev)
    others = select(conversation_change.c.rev, conversation_change.c.type, conversation_change.c.seq).where(
        conversation_change.c.conversation_id == conversation_id, conversation_change.c.rev > rev
    )
    both = union_all(
        news.order_by(message.c.created_rev).limit(limit).subquery().select(),
        others.order_by(conversation_change.c.rev).limit(limit).subquery().select(),
    ).subquery()
    return (await connection.execute(select(both).order_by(both.c.rev).limit(limit))).all()


# Nobody is behind in a room that thousands write in: live rooms have no unread count, and none is made of their rows.
def _unread_of(conversation_id: Any, user_id: Any, read_seq: Any) -> Any:
    return (
        select(func.count())
        .select_from(message)
        .where(
            message.c.conversation_id == conversation_id,
            message.c.seq > read_seq,
            message.c.sender_id != user_id,
            message.c.deleted_at.is_(None),
        )
    )


async def unread(connection: AsyncConnection, conversation_id: str, user_id: str, read_seq: int) -> int:
    """How many messages of others the user has not read."""
    return int((await connection.execute(_unread_of(conversation_id, user_id, read_seq))).scalar_one())


async def unread_of_pairs(connection: AsyncConnection, wanted: Iterable[members.Pair]) -> dict[members.Pair, int]:
    """The unread count of each (conversation, user) pair that is a membership, in one statement."""
    statement = _unread_of_pairs(connection.dialect.name)
    rows = await connection.execute(statement, pairs.parameters(connection, set(wanted)))
    return {(row[0], row[1]): row[2] for row in rows}


@cache
def _unread_of_pairs(dialect: str) -> Select[Any]:
    of = members.OF_PAIRS[dialect].subquery("m")
    kind = select(conversation.c.kind).where(conversation.c.id == of.c.conversation_id).scalar_subquery()
    count = _unread_of(of.c.conversation_id, of.c.user_id, of.c.read_seq).scalar_subquery()
    return select(of.c.conversation_id, of.c.user_id, case((kind.in_(LIVE_KINDS), 0), else_=count))


async def unread_of_user(connection: AsyncConnection, user_id: str) -> dict[str, int]:
    """Conversation id -> unread count, for the user's conversations that have any."""
    count = _unread_of(member.c.conversation_id, member.c.user_id, member.c.read_seq).scalar_subquery()
    query = (
        select(member.c.conversation_id, count)
        .join(conversation, conversation.c.id == member.c.conversation_id)
        .where(member.c.user_id == user_id, conversation.c.kind.not_in(LIVE_KINDS))
    )
    return {row[0]: row[1] for row in await connection.execute(query) if row[1]}


async def first_unread(
    connection: AsyncConnection, conversation_id: str, user_id: str, *, beyond: int = 0
) -> Any | None:
    """The oldest message of others after `beyond` that the member has not read."""
    query = (
        select(message.c.seq, message.c.created_at, message.c.sender_id)
        .join(member, member.c.conversation_id == message.c.conversation_id)
        .where(
            member.c.user_id == user_id,
            message.c.conversation_id == conversation_id,
            message.c.seq > member.c.read_seq,
            message.c.seq > beyond,
            message.c.sender_id != user_id,
            message.c.deleted_at.is_(None),
        )
        .order_by(message.c.seq)
        .limit(1)
    )
    return (await connection.execute(query)).one_or_none()


async def kept_of_sender(connection: AsyncConnection, conversation_id: str, sender_id: str) -> Sequence[int]:
    """Numbers of the sender's messages in a conversation that are not deleted."""
    query = select(message.c.seq).where(
        message.c.conversation_id == conversation_id,
        message.c.sender_id == sender_id,
        message.c.deleted_at.is_(None),
    )
    return (await connection.execute(query.order_by(message.c.seq))).scalars().all()


async def conversation_ids_of(connection: AsyncConnection, sender_id: str) -> Sequence[str]:
    """The conversations in which a person has sent anything."""
    query = select(message.c.conversation_id).where(message.c.sender_id == sender_id).distinct()
    return (await connection.execute(query.order_by(message.c.conversation_id))).scalars().all()


async def of_sender(connection: AsyncConnection, sender_id: str) -> Sequence[Row[Any]]:
    """All messages that a person sent."""
    query = select(message).where(message.c.sender_id == sender_id)
    return (await connection.execute(query.order_by(message.c.conversation_id, message.c.seq))).all()
