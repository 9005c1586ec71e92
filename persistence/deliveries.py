"""Deliveries: what one person is to be told on one channel, from plan to end; and what the sandbox captured."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    String,
    Table,
    Text,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.base import Id, Millis, UserId, metadata
from persistence.engine import one_of
from persistence.upsert import insert

OPEN_STATES = ("planned", "retry_wait")
OPEN = text("state IN ('planned', 'retry_wait')")
"""Spelled out wherever it is asked: bound values would keep the planner from the partial indexes."""
ACTIVE = text("state IN ('planned', 'leased', 'sending', 'retry_wait')")
ENDED = text("state NOT IN ('planned', 'leased', 'sending', 'retry_wait')")
WAITING = text("state IN ('planned', 'leased', 'retry_wait')")
"""States in which nothing has reached a provider yet, so that reading the message still cancels."""
TOLD = text("state IN ('accepted', 'unknown')")

delivery = Table(
    "delivery",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", UserId, ForeignKey("app_user.id"), nullable=False),
    Column("conversation_id", Id, ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(200)),
    Column("due_at", Millis, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("lease_token", Id),
    Column("lease_until", Millis),
    Column("provider_id", String(200)),
    Column("told_seq", Integer),
    Column("created_at", Millis, nullable=False),
    Column("updated_at", Millis, nullable=False),
    Index("ix_delivery_conversation_id", "conversation_id", "user_id"),
    Index(
        "uq_delivery_open",
        "user_id",
        "conversation_id",
        "channel",
        unique=True,
        postgresql_where=OPEN,
        sqlite_where=OPEN,
    ),
    Index("ix_delivery_due_at", "due_at", postgresql_where=ACTIVE, sqlite_where=ACTIVE),
)

captured = Table(
    "captured_delivery",
    metadata,
    Column("delivery_id", Id, primary_key=True),
    Column("user_id", UserId, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("recipient", String(320), nullable=False),
    Column("subject", String(300)),
    Column("text", Text, nullable=False),
    Column("html", Text),
    Column("at", Millis, nullable=False),
    Index("ix_captured_delivery_at", "at"),
)
"""What the sandbox took instead of a provider; the key makes taking the same delivery twice one row."""


async def plan(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Plans deliveries; one for the same person, conversation and channel as an open one is left out.

    In the order of their keys, so that two planners cannot wait for each other.
    """
    ordered = sorted(rows, key=lambda row: (row["user_id"], row["conversation_id"], row["channel"]))
    statement = insert(connection, delivery).on_conflict_do_nothing()
    await connection.execute(statement, [{"state": "planned", **row} for row in ordered])


async def open_pairs(connection: AsyncConnection, pairs: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the (conversation, user) pairs for which a delivery is open, and stays so for this transaction.

    Whoever is just cancelling one is waited for.
    """
    return set(await _found(connection, pairs, _pairs(connection, pairs).where(OPEN).with_for_update()))


async def has_open_twin(connection: AsyncConnection, row: Any) -> bool:
    """Whether another delivery for the same person, conversation and channel was planned meanwhile."""
    same = [delivery.c[key] == getattr(row, key) for key in ("user_id", "conversation_id", "channel")]
    twin = exists().where(*same, delivery.c.id != row.id, OPEN)
    return bool((await connection.execute(select(twin))).scalar())


async def due(connection: AsyncConnection, *, now: int, limit: int) -> Sequence[Row[Any]]:
    """Locked rows that want attention: due ones, and ones whose worker died while it held them."""
    query = (
        select(delivery)
        .where(ACTIVE, delivery.c.due_at <= now, or_(OPEN, delivery.c.lease_until <= now))
        .order_by(delivery.c.due_at)
        .limit(limit)
    )
    return (await connection.execute(query.with_for_update(skip_locked=True))).all()


async def set_state(
    connection: AsyncConnection, delivery_id: str, values: Mapping[str, Any], *, lease_token: str | None = None
) -> bool:
    """Writes columns of one delivery; with `lease_token` only while that lease holds. Whether a row was written."""
    statement = update(delivery).where(delivery.c.id == delivery_id).values(**values)
    if lease_token is not None:
        statement = statement.where(delivery.c.lease_token == lease_token)
    return (await connection.execute(statement)).rowcount > 0


async def cancel_waiting(
    connection: AsyncConnection, pairs: Sequence[tuple[str, str]], *, reason: str, at: int
) -> None:
    """Cancels what waits for these (conversation, user) pairs and has not reached a provider."""
    for conversation_id, user_id in pairs:
        await connection.execute(
            update(delivery)
            .where(
                delivery.c.conversation_id == conversation_id,
                delivery.c.user_id == user_id,
                WAITING,
            )
            .values(state="cancelled", reason=reason, lease_token=None, updated_at=at)
        )


async def waiting_pairs(connection: AsyncConnection, pairs: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of the (conversation, user) pairs for which something waits that reading cancels."""
    return await _found(connection, pairs, _pairs(connection, pairs).where(WAITING))


def _pairs(connection: AsyncConnection, pairs: Collection[tuple[str, str]]) -> Select[Any]:
    return select(delivery.c.conversation_id, delivery.c.user_id).where(
        one_of(connection, delivery.c.conversation_id, sorted({pair[0] for pair in pairs})),
        one_of(connection, delivery.c.user_id, sorted({pair[1] for pair in pairs})),
    )


async def _found(
    connection: AsyncConnection, pairs: Collection[tuple[str, str]], query: Select[Any]
) -> list[tuple[str, str]]:
    wanted = set(pairs)
    return [pair for row in await connection.execute(query) if (pair := (row[0], row[1])) in wanted]


async def told_seq(connection: AsyncConnection, conversation_id: str, user_id: str) -> int:
    """The last message that the person was told of, or may have been."""
    told = select(func.max(delivery.c.told_seq)).where(
        delivery.c.conversation_id == conversation_id, delivery.c.user_id == user_id, TOLD
    )
    return (await connection.execute(told)).scalar() or 0


async def forget_before(connection: AsyncConnection, at: int) -> None:
    """Removes deliveries and captures that ended before `at`."""
    await connection.execute(delete(delivery).where(ENDED, delivery.c.updated_at < at))
    await connection.execute(delete(captured).where(captured.c.at < at))


async def capture(connection: AsyncConnection, values: Mapping[str, Any]) -> None:
    """Keeps what a sandbox sender was given, once for each delivery."""
    await connection.execute(insert(connection, captured).values(**values).on_conflict_do_nothing())


async def captures(
    connection: AsyncConnection, *, user_id: str | None, channel: str | None, limit: int = 200
) -> Sequence[Row[Any]]:
    """What was captured, newest first."""
    query = select(captured).order_by(captured.c.at.desc(), captured.c.delivery_id.desc()).limit(limit)
    if user_id is not None:
        query = query.where(captured.c.user_id == user_id)
    if channel is not None:
        query = query.where(captured.c.channel == channel)
    return (await connection.execute(query)).all()


async def erase(connection: AsyncConnection, user_id: str, *, at: int) -> None:
    """Cancels what waits for a person and forgets what was captured for them."""
    waiting = (delivery.c.user_id == user_id, WAITING)
    values = {"state": "cancelled", "reason": "erased", "lease_token": None, "updated_at": at}
    await connection.execute(update(delivery).where(*waiting).values(**values))
    await connection.execute(delete(captured).where(captured.c.user_id == user_id))
