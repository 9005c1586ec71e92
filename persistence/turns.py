"""Turns: when each viewer last wrote in a room with slow mode. Hosts have none, and rooms without slow mode neither."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Column, ForeignKey, Table, delete
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import pairs
from persistence.base import Id, Millis, UserId, metadata
from persistence.members import Pair
from persistence.upsert import insert

turn = Table(
    "live_turn",
    metadata,
    Column("conversation_id", Id, ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", UserId, primary_key=True),
    Column("at", Millis, nullable=False),
)
"""Without a foreign key to the user, as messages: a viewer's turn is forgotten after a day."""

OF_PAIRS = pairs.statements(turn, ("conversation_id", "user_id"))


async def of_pairs(connection: AsyncConnection, wanted: Collection[Pair]) -> dict[Pair, int]:
    """When (ms) each of these (conversation, user) pairs last wrote, for those that did."""
    rows = await connection.execute(OF_PAIRS[connection.dialect.name], pairs.parameters(connection, wanted))
    return {(row.conversation_id, row.user_id): row.at for row in rows}


async def take(connection: AsyncConnection, at: Mapping[Pair, int]) -> None:
    """Writes down who wrote when, under their conversations' locks."""
    rows: list[dict[str, Any]] = [
        {"conversation_id": conversation_id, "user_id": user_id, "at": when}
        for (conversation_id, user_id), when in sorted(at.items())
    ]
    statement = insert(connection, turn)
    replace = statement.on_conflict_do_update(
        index_elements=["conversation_id", "user_id"], set_={"at": statement.excluded.at}
    )
    await connection.execute(replace, rows)


async def forget_before(connection: AsyncConnection, at: int) -> None:
    """Removes turns that are longer ago than any slow mode lasts."""
    await connection.execute(delete(turn).where(turn.c.at < at))
