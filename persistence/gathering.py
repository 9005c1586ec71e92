"""Notifications that take further events of their group in, until somebody was alerted or has read."""

from sqlalchemy import exists, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.deliveries import WAITING, delivery
from persistence.notifications import notification

OF_CONVERSATIONS = text("gathers AND group_key LIKE 'conversation:%'")


async def plan_anew(connection: AsyncConnection, user_id: str) -> None:
    """Ends the gathering about conversations of which nothing tells the person: they can be told otherwise now.

    The next message then makes a notification of its own. What still waits goes on gathering; it is decided anew when
    it is due.
    """
    waiting = exists().where(delivery.c.notification_id == notification.c.id, WAITING)
    query = update(notification).where(notification.c.user_id == user_id, OF_CONVERSATIONS, ~waiting)
    await connection.execute(query.values(gathers=False))
