"""What is left of a person's notifications when they are erased: that there were some, without what they said."""

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import cancelling, captured, endpoints, preferences
from persistence.notifications import notification


async def erase_notifications(connection: AsyncConnection, user_id: str, *, at: int) -> None:
    """Cancels what waits for a person, and forgets devices, choices, captures and what notifications said."""
    await cancelling.cancel_of_user(connection, user_id, reason="erased", at=at)
    await endpoints.erase(connection, user_id)
    await preferences.erase(connection, user_id)
    await captured.erase(connection, user_id)
    blank = {"data": "{}", "decisions": "[]", "inbox": False, "gathers": False, "group_key": None}
    await connection.execute(update(notification).where(notification.c.user_id == user_id).values(**blank))
