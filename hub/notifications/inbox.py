"""The inbox of a person: what they were told of, and what they did with it. The badge counts what is unseen."""

from collections.abc import Collection
from typing import Any

from msgspec import Struct

from hub.clock import Clock
from hub.errors import NotificationNotFound, RequestInvalid
from hub.events import InboxChanged
from hub.notifications.entries import Entries, Notification, counting
from persistence import cancelling
from persistence import inbox as rows
from persistence.inbox import Filter, Position, Standing
from persistence.uow import Database, Tx

LONGEST_SNOOZE_MS = 366 * 86_400_000
PUT_AWAY = {"gathers": False}
"""An entry that was looked at takes no further messages in: the next one is news again."""


class Page(Struct, frozen=True):
    """A page of the inbox; `next` is where the following one begins, None at the end."""

    notifications: list[Notification]
    unseen: int
    next: Position | None


class Inbox:
    """Reads and changes inboxes. Every change answers how many entries are unseen after it."""

    def __init__(self, database: Database, clock: Clock, entries: Entries) -> None:
        self._database = database
        self._clock = clock
        self._entries = entries

    async def page(self, user_id: str, *, wanted: Filter = "all", before: Position | None, limit: int) -> Page:
        """Entries, newest first."""
        now = self._clock.now()
        async with self._database.read() as connection:
            found = await rows.page(
                connection,
                user_id,
                wanted=wanted,
                now=now,
                before=before,
                limit=limit + 1,
            )
            shown = found[:limit]
            notifications = await self._entries.render(connection, shown, now=now)
            badge = await rows.standings(connection, [user_id], now=now)
        following = (shown[-1].created_at, shown[-1].id) if len(found) > limit else None
        return Page(notifications, badge.get(user_id, Standing()).unseen, following)

    async def standings(self, user_ids: Collection[str]) -> dict[str, Standing]:
        """User id -> badge, for each of them."""
        async with self._database.read_one() as connection:
            found = await rows.standings(connection, user_ids, now=self._clock.now())
        return {user_id: found.get(user_id, Standing()) for user_id in user_ids}

    async def news(self, ids: Collection[str]) -> dict[str, Notification]:
        """Notification id -> entry, of those that stand in an inbox."""
        async with self._database.read() as connection:
            found = await rows.of_ids(connection, ids)
            shown = await self._entries.render(connection, found, now=self._clock.now())
        return {each.id: each for each in shown}

    async def see(self, user_id: str, up_to: str | None = None) -> int:
        """Marks everything as seen, or the entry `up_to` and what is older."""
        async with self._database.begin() as tx:
            if await rows.see(tx.connection, user_id, up_to=up_to, now=tx.now):
                tx.emit(InboxChanged(user_id))
            return await _unseen(tx, user_id)

    async def read_all(self, user_id: str) -> int:
        """Marks everything as read. What still waits to tell of it is cancelled."""
        async with self._database.begin() as tx:
            unread = await rows.unread_ids(tx.connection, user_id, now=tx.now)
            if unread:
                # Deliveries before their notifications, as everybody locks them.
                await cancelling.cancel_of_notifications(tx.connection, unread, reason="read", at=tx.now)
                await rows.read_all(tx.connection, user_id, now=tx.now)
                tx.emit(InboxChanged(user_id))
            return await _unseen(tx, user_id)

    async def read(self, user_id: str, notification_id: str) -> int:
        """Marks an entry as read, and so as seen; what still waits to tell of it is cancelled.

        Raises NotificationNotFound.
        """
        async with self._database.begin() as tx:
            # Deliveries before their notification, as everybody locks them; undone if it is not the person's.
            await cancelling.cancel_of_notifications(tx.connection, [notification_id], reason="read", at=tx.now)
            row = await _entry(tx, user_id, notification_id)
            seen = counting(row, row.seen_at, tx.now)
            read = counting(row, row.read_at, tx.now)
            return await _change(tx, row, **PUT_AWAY, read_at=read or tx.now, seen_at=seen or tx.now)

    async def unread(self, user_id: str, notification_id: str) -> int:
        """Marks an entry as not read; it stays seen. Raises NotificationNotFound."""
        async with self._database.begin() as tx:
            return await _change(tx, await _entry(tx, user_id, notification_id), read_at=None)

    async def archive(self, user_id: str, notification_id: str) -> int:
        """Puts an entry away. Raises NotificationNotFound."""
        async with self._database.begin() as tx:
            row = await _entry(tx, user_id, notification_id)
            seen_at = row.seen_at or tx.now
            return await _change(tx, row, **PUT_AWAY, archived_at=row.archived_at or tx.now, seen_at=seen_at)

    async def unarchive(self, user_id: str, notification_id: str) -> int:
        """Takes an entry out of the archive. Raises NotificationNotFound."""
        async with self._database.begin() as tx:
            return await _change(tx, await _entry(tx, user_id, notification_id), archived_at=None)

    async def snooze(self, user_id: str, notification_id: str, until: int) -> int:
        """Puts an entry off until `until` (ms), when it is as new. Raises NotificationNotFound, RequestInvalid."""
        async with self._database.begin() as tx:
            if not tx.now < until <= tx.now + LONGEST_SNOOZE_MS:
                raise RequestInvalid({"field": "until", "reason": "it lies in the past, or more than a year ahead"})
            row = await _entry(tx, user_id, notification_id)
            seen_at = row.seen_at or tx.now
            return await _change(tx, row, **PUT_AWAY, snoozed_until=until, archived_at=None, seen_at=seen_at)


async def _entry(tx: Tx, user_id: str, notification_id: str) -> Any:
    row = await rows.lock(tx.connection, user_id, notification_id)
    if row is None:
        raise NotificationNotFound
    return row


async def _change(tx: Tx, row: Any, **values: int | None) -> int:
    if any(getattr(row, name) != value for name, value in values.items()):
        await rows.change(tx.connection, row.id, values)
        tx.emit(InboxChanged(row.user_id, changed_id=row.id))
    return await _unseen(tx, row.user_id)


async def _unseen(tx: Tx, user_id: str) -> int:
    found = await rows.standings(tx.connection, [user_id], now=tx.now)
    return found.get(user_id, Standing()).unseen
