"""What waits for its time or its turn: scheduled events, and audiences, planned page by page, at a pace."""

import asyncio
from typing import Any

import msgspec

from hub.ids import new_id
from hub.notifications.planner import Planner, Wish
from hub.notifications.publishing import Audience, emit
from hub.settings import Settings
from persistence import notification_events
from persistence.uow import Database, Tx

PAGE = 1_000
"""People looked at in one transaction: enough to be cheap, few enough to let others write in between."""


class Announcer:
    """Publishes scheduled events and plans announcements. Whatever stops it, it goes on where it stopped."""

    def __init__(self, database: Database, planner: Planner, settings: Settings) -> None:
        self._database = database
        self._planner = planner
        self._pace = settings.announcement_pace

    async def run_once(self) -> int:
        """Does the next piece of what is due, at the pace; how many people it looked at."""
        began = asyncio.get_running_loop().time()
        async with self._database.read_one() as connection:
            if not await notification_events.is_waiting(connection, now=self._database.clock.now()):
                return 0
        async with self._database.begin() as tx:
            event = await notification_events.claim(tx.connection, now=tx.now)
            if event is None:
                return 0
            looked_at, planned = (
                await self._publish(tx, event) if event.audience is None else await self._page(tx, event)
            )
        self._database.due.set()
        took = asyncio.get_running_loop().time() - began
        await asyncio.sleep(max(0.0, planned / self._pace - took))
        return looked_at

    @staticmethod
    async def _publish(tx: Tx, event: Any) -> tuple[int, int]:
        emit(tx, event)
        people = len(msgspec.json.decode(event.notifications))
        values = {"state": "published", "planned": people, "updated_at": tx.now}
        await notification_events.advance(tx.connection, event.id, values)
        return people, 0

    async def _page(self, tx: Tx, event: Any) -> tuple[int, int]:
        audience = msgspec.json.decode(event.audience, type=Audience)
        people = await notification_events.people(tx.connection, after=event.cursor, limit=PAGE)
        what = msgspec.json.decode(event.data)
        planned = await self._planner.plan(
            tx,
            [_wish(event, what, row.id) for row in people if audience.includes(row.roles, row.locale)],
        )
        values = {"cursor": people[-1].id if people else event.cursor, "planned": event.planned + planned}
        if len(people) < PAGE:
            values["state"] = "done"
        await notification_events.advance(tx.connection, event.id, {**values, "updated_at": tx.now})
        return len(people), planned


def _wish(event: Any, what: Any, user_id: str) -> Wish:
    return Wish(
        notification_id=new_id(),
        event_id=event.id,
        user_id=user_id,
        type=event.type,
        data=what["data"],
        at=event.at,
        not_before=event.not_before,
        expires_at=event.expires_at,
        priority=what["priority"],
        conversation_id=what["of"],
    )
