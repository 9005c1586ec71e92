"""The inbox: a person's notifications as entries that are unseen, seen, read, archived or snoozed.

An entry whose snooze has ended counts as unseen and unread again until it is looked at after that moment, so nothing
has to be written when a snooze ends.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.engine import one_of
from persistence.notifications import INBOX, notification

Filter = Literal["all", "unread", "archived", "snoozed"]


Position = tuple[int, str]
"""(created_at in ms, id): where a page ended."""


NEWEST_FIRST = (notification.c.created_at.desc(), notification.c.id.desc())
"""Not by the id alone: that of a delayed event is older than the entry."""


class Standing(NamedTuple):
    """What a person's badge shows, and when (ms) the next snooze ends and changes it; None when none waits."""

    unseen: int = 0
    wakes_at: int | None = None


def is_snoozed(now: int) -> ColumnElement[bool]:
    """Whether an entry is put off at `now` (ms)."""
    return and_(notification.c.snoozed_until.is_not(None), notification.c.snoozed_until > now)


def is_new(column: ColumnElement[Any], now: int) -> ColumnElement[bool]:
    """Whether `column`, `seen_at` or `read_at`, lacks a time that counts: after the end of the entry's last snooze."""
    snooze = notification.c.snoozed_until
    return or_(column.is_(None), and_(snooze.is_not(None), snooze <= now, column < snooze))


async def page(
    connection: AsyncConnection, user_id: str, *, wanted: Filter, now: int, before: Position | None, limit: int
) -> Sequence[Row[Any]]:
    """Entries that come after the position `before`, newest first."""
    query = select(notification).where(notification.c.user_id == user_id, *_filtered(wanted, now))
    if before is not None:
        query = query.where(tuple_(notification.c.created_at, notification.c.id) < before)
    return (await connection.execute(query.order_by(*NEWEST_FIRST).limit(limit))).all()


def _filtered(wanted: Filter, now: int) -> list[Any]:
    if wanted == "archived":
        return [notification.c.inbox, notification.c.archived_at.is_not(None)]
    if wanted == "snoozed":
        return [INBOX, is_snoozed(now)]
    unread = [is_new(notification.c.read_at, now)] if wanted == "unread" else []
    return [INBOX, ~is_snoozed(now), *unread]


async def standings(connection: AsyncConnection, user_ids: Collection[str], *, now: int) -> dict[str, Standing]:
    """User id -> badge, for those who have an unarchived entry."""
    snoozed = is_snoozed(now)
    unseen = case((and_(~snoozed, is_new(notification.c.seen_at, now)), 1))
    query = (
        select(notification.c.user_id, func.count(unseen), func.min(case((snoozed, notification.c.snoozed_until))))
        .where(one_of(connection, notification.c.user_id, user_ids), INBOX)
        .group_by(notification.c.user_id)
    )
    return {row[0]: Standing(row[1], row[2]) for row in await connection.execute(query)}


async def of_ids(connection: AsyncConnection, ids: Collection[str]) -> Sequence[Row[Any]]:
    """Those of these notifications that stand in an inbox, newest first."""
    query = select(notification).where(one_of(connection, notification.c.id, ids), INBOX)
    return (await connection.execute(query.order_by(*NEWEST_FIRST))).all()


async def lock(connection: AsyncConnection, user_id: str, notification_id: str) -> Row[Any] | None:
    """One of the person's entries, archived ones too; it stays as it is until the transaction ends."""
    query = select(notification).where(
        notification.c.id == notification_id, notification.c.user_id == user_id, notification.c.inbox
    )
    return (await connection.execute(query.with_for_update(key_share=True))).one_or_none()


async def change(connection: AsyncConnection, notification_id: str, values: Mapping[str, Any]) -> None:
    """Writes columns of one notification."""
    await connection.execute(update(notification).where(notification.c.id == notification_id).values(**values))


async def see(connection: AsyncConnection, user_id: str, *, up_to: str | None, now: int) -> bool:
    """Marks what is unseen and not put off as seen, up to this entry and all before it. Whether there was any.

    What was seen takes no further events in: the next one is news again.
    """
    unseen = is_new(notification.c.seen_at, now)
    query = update(notification).where(notification.c.user_id == user_id, INBOX, ~is_snoozed(now), unseen)
    if up_to is not None:
        entry = notification.alias("entry")
        at = select(entry.c.created_at).where(entry.c.id == up_to, entry.c.user_id == user_id).scalar_subquery()
        created_at = notification.c.created_at
        query = query.where(or_(created_at < at, and_(created_at == at, notification.c.id <= up_to)))
    return (await connection.execute(query.values(seen_at=now, gathers=False))).rowcount > 0


async def unread_ids(connection: AsyncConnection, user_id: str, *, now: int) -> Sequence[str]:
    """The entries that are unread and not put off."""
    unread = is_new(notification.c.read_at, now)
    query = select(notification.c.id).where(notification.c.user_id == user_id, INBOX, ~is_snoozed(now), unread)
    found: Sequence[str] = (await connection.execute(query)).scalars().all()
    return found


async def read_all(connection: AsyncConnection, user_id: str, *, now: int) -> None:
    """Marks all that is unread and not put off as read, and as seen."""
    unread = is_new(notification.c.read_at, now)
    seen_at = case((is_new(notification.c.seen_at, now), now), else_=notification.c.seen_at)
    values = {"read_at": now, "seen_at": seen_at, "gathers": False}
    query = update(notification).where(notification.c.user_id == user_id, INBOX, ~is_snoozed(now), unread)
    await connection.execute(query.values(values))


async def all_of(connection: AsyncConnection, user_id: str) -> Sequence[Row[Any]]:
    """Everything that a person was ever told of and that is still held, oldest first."""
    query = select(notification).where(notification.c.user_id == user_id)
    return (await connection.execute(query.order_by(notification.c.id))).all()
