"""Notes on notifications what they were after; their rungs see it when they come due."""

from collections.abc import Collection, Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.engine import one_of
from persistence.notification_planning import Group
from persistence.notifications import INBOX, notification


async def replied(
    connection: AsyncConnection, kinds: Sequence[str], pairs: Collection[tuple[str, str]], *, at: int
) -> None:
    """Those of these kinds about a conversation whose person wrote in it: (conversation id, user id)."""
    query = select(notification.c.id, notification.c.conversation_id, notification.c.user_id).where(
        one_of(connection, notification.c.user_id, sorted({user_id for _, user_id in pairs})),
        INBOX,
        notification.c.type.in_(kinds),
        notification.c.conversation_id.is_not(None),
        notification.c.replied_at.is_(None),
    )
    ids = [row.id for row in await connection.execute(query) if (row.conversation_id, row.user_id) in pairs]
    if ids:
        mine = update(notification).where(one_of(connection, notification.c.id, sorted(ids)))
        await connection.execute(mine.values(replied_at=at))


async def paid(connection: AsyncConnection, groups: Collection[Group], *, at: int) -> None:
    """Those of these groups."""
    query = select(notification.c.id, notification.c.user_id, notification.c.group_key).where(
        one_of(connection, notification.c.user_id, sorted({user_id for user_id, _ in groups})),
        INBOX,
        notification.c.paid_at.is_(None),
    )
    ids = [row.id for row in await connection.execute(query) if (row.user_id, row.group_key) in groups]
    if ids:
        mine = update(notification).where(one_of(connection, notification.c.id, sorted(ids)))
        await connection.execute(mine.values(paid_at=at))
