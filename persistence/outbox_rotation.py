"""Rotation of the outbox on PostgreSQL: emptied partitions are truncated, so that deleted rows do not pile up.

A deleted row stays in the file until a vacuum removes it, and no vacuum may while some transaction is older than the
deletion: one long query anywhere makes a busy outbox grow, and every claim read past all that is dead. Truncating needs
no vacuum. The partition that a row goes to is its slot, which the clock chooses: `PERIOD_SECONDS` for each in turn. Of
three slots one is current, one was current just before, and the third is the one to empty.

SQLite reuses the pages of deleted rows by itself and has nothing to rotate.
"""

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

SLOTS = 3
PERIOD_SECONDS = 60
MOST_LEFT = 5_000
"""With more rows than this still in it a partition is left for the next turn: moving them would block all relays."""
LOCK_TIMEOUT = "200ms"
"""Everybody who claims waits behind the lock for at most this; who holds the partition longer makes us try later."""
LOCK_NOT_AVAILABLE = "55P03"

_LEFT = text("SELECT count(*) FROM (SELECT 1 FROM outbox WHERE slot = :slot LIMIT :most) AS rows_left")
_MOVE = text("UPDATE outbox SET slot = :current WHERE slot = :slot")


async def slot_to_empty(connection: AsyncConnection) -> int:
    """The slot that is neither the current one nor the one before, by the clock of the database."""
    current = await connection.scalar(text("SELECT hub_outbox_slot()"))
    return (int(current or 0) + 1) % SLOTS


async def size(connection: AsyncConnection) -> int:
    """Bytes of all partitions with their indexes."""
    names = ", ".join(f"'outbox_{slot}'" for slot in range(SLOTS))
    return int(
        await connection.scalar(
            text(f"SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname IN ({names})")  # noqa: S608
        )
        or 0
    )


async def empty(connection: AsyncConnection, slot: int) -> bool:
    """Truncates the partition of `slot` after moving what is left in it to the slot before it; whether that was done.

    To be called in a transaction of its own. Not done: it is empty already, holds too much, or someone uses it. Safe
    whatever the slot: it is only touched while nobody else can, and every row that is in it then is moved.
    """
    table = f"outbox_{slot:d}"
    if not await connection.scalar(text(f"SELECT pg_relation_size('{table}') > 0")):
        return False
    left = await connection.scalar(_LEFT, {"slot": slot, "most": MOST_LEFT + 1})
    if left is None or left > MOST_LEFT:
        return False
    await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
    try:
        await connection.execute(text(f"LOCK TABLE ONLY {table} IN ACCESS EXCLUSIVE MODE"))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            return False
        raise
    await connection.execute(_MOVE, {"slot": slot, "current": (slot + SLOTS - 1) % SLOTS})
    await connection.execute(text(f"TRUNCATE TABLE ONLY {table}"))
    return True
