"""Keeps the inboxes of connected people current: what changed is gathered for a moment, then asked once for all."""

import asyncio
from collections.abc import Sequence

import structlog
from msgspec import UNSET

from hub.clock import Clock
from hub.events import InboxChanged
from hub.gateway import frames
from hub.gateway.bus import Bus, Notice
from hub.gateway.fanout import Fanout
from hub.gateway.frames import Priority
from hub.gateway.rooms import user_room
from hub.gateway.wire_notifications import NotificationNew, NotificationUpdated
from hub.notifications.entries import Notification
from hub.notifications.inbox import Inbox
from persistence.engine import database_is_away
from persistence.inbox import Standing

log = structlog.get_logger()

ANNOUNCE_SECONDS = 0.02
"""Changes of one person within this are told to the other nodes once."""
GATHER_SECONDS = 0.1
"""People do not notice a badge that is this late; the database notices one query for many of them."""
AT_ONCE = 500
"""People in one query."""
LONGEST_WAIT_SECONDS = 86_400.0
"""The loop's timers are not made for years; after a day it is looked again."""
MOST_WAITING = 20_000
"""People whose next snooze is watched; beyond that its end shows with the next change."""

Change = tuple[str, str | None, str | None]
"""(user id, id of a new notification, id of a changed one)."""


class Notices:
    """Tells the sockets of a person, on every node, of what came into their inbox or changed there."""

    def __init__(self, inbox: Inbox, fanout: Fanout, bus: Bus, clock: Clock) -> None:
        self._inbox = inbox
        self._fanout = fanout
        self._bus = bus
        self._clock = clock
        self._announced: set[Change] = set()
        self._touched: dict[str, list[Notice]] = {}
        self._flushing: asyncio.Task[None] | None = None
        self._waiting: dict[str, asyncio.TimerHandle] = {}

    async def changed(self, event: InboxChanged) -> None:
        """LIVE: marks the person on every node where they are connected."""
        if not self._announced:
            asyncio.get_running_loop().call_later(ANNOUNCE_SECONDS, self._announce)
        self._announced.add((event.user_id, event.notification_id, event.changed_id))

    async def unseen(self, user_id: str) -> int:
        """The badge of somebody who has just connected here."""
        standing = (await self._inbox.standings([user_id]))[user_id]
        self._wait(user_id, standing)
        return standing.unseen

    def touch_here(self, user_id: str, notice: Notice) -> None:
        """Marks the person, if connected to this node."""
        if self._fanout.has(user_room(user_id)):
            self._touched.setdefault(user_id, []).append(notice)
            if self._flushing is None:
                self._flushing = asyncio.create_task(self._flush_soon(), name="notices")

    async def stop(self) -> None:
        """Sends what was gathered."""
        self._announce()
        for timer in self._waiting.values():
            timer.cancel()
        self._waiting.clear()
        if self._flushing is not None:
            await self._flushing

    def _announce(self) -> None:
        changes, self._announced = self._announced, set()
        for user_id, new_id, changed_id in changes:
            self._bus.command(user_room(user_id), Notice(new_id, changed_id))

    async def _flush_soon(self) -> None:
        """One flush at a time: a slower one must not overwrite newer counts."""
        try:
            while self._touched:
                await asyncio.sleep(GATHER_SECONDS)
                touched, self._touched = self._touched, {}
                people = sorted(touched)
                for begin in range(0, len(people), AT_ONCE):
                    await self._flush({each: touched[each] for each in people[begin : begin + AT_ONCE]})
        except Exception as error:  # live road: the next list or change tells the same
            if not database_is_away(error):
                log.exception("notices.failed")
        finally:
            self._flushing = None

    async def _flush(self, touched: dict[str, list[Notice]]) -> None:
        new = {notice.new_id for notices in touched.values() for notice in notices if notice.new_id is not None}
        news = await self._inbox.news(new) if new else {}
        standings = await self._inbox.standings(touched)
        for user_id, notices in touched.items():
            self._wait(user_id, standings[user_id])
            self._tell(user_id, notices, news, standings[user_id].unseen)

    def _tell(self, user_id: str, notices: Sequence[Notice], news: dict[str, Notification], unseen: int) -> None:
        room = user_room(user_id)
        arrived = dict.fromkeys(each.new_id for each in notices if each.new_id in news)
        for new_id in arrived:
            payload = NotificationNew(news[new_id], unseen)
            self._fanout.deliver(room, frames.event("notification.new", payload))
        others = [each for each in notices if each.new_id not in arrived]
        if others:
            ids = sorted({each.changed_id for each in others if each.changed_id is not None})
            exact = all(each.changed_id is not None for each in others)
            update = NotificationUpdated(unseen=unseen, notification_ids=ids if exact else UNSET)
            key = f"inbox {' '.join(ids)}" if exact else "inbox"
            frame = frames.event("notification.updated", update, priority=Priority.RECEIPT, key=key)
            self._fanout.deliver(room, frame)

    def _wait(self, user_id: str, standing: Standing) -> None:
        """Looks again when the person's next snooze ends: nothing is written then, but the badge is another."""
        timer = self._waiting.pop(user_id, None)
        if timer is not None:
            timer.cancel()
        if standing.wakes_at is None or len(self._waiting) >= MOST_WAITING:
            return
        seconds = min((standing.wakes_at - self._clock.now()) / 1000, LONGEST_WAIT_SECONDS)
        self._waiting[user_id] = asyncio.get_running_loop().call_later(max(0.0, seconds), self._woken, user_id)

    def _woken(self, user_id: str) -> None:
        self._waiting.pop(user_id, None)
        self.touch_here(user_id, Notice())
