"""People's inboxes, choices, devices and traces without a gateway: a database, and a clock that the test moves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from hub.events import InboxChanged
from hub.ids import new_id
from hub.notifications.choices import Choices
from hub.notifications.devices import Devices
from hub.notifications.entries import Entries
from hub.notifications.inbox import Inbox
from hub.notifications.rules import rule_for
from hub.notifications.templates import Templates
from hub.notifications.trace import Traces
from hub.notifications.unsubscribe import Unsubscriber
from hub.settings import Settings
from persistence import bulk, users
from persistence.deliveries import delivery, delivery_step
from persistence.engine import Connections
from persistence.notifications import notification
from persistence.provider_events import provider_event
from persistence.uow import Database, Reactions
from tests.clock import MovableClock

PUBLIC_URL = "https://hub.example"
SECRET = "a-secret-of-tests-that-is-long-enough-to-be-one"


class Desk:
    """What answers people about their notifications. `changes` are what open sockets would be told of."""

    def __init__(self, url: str) -> None:
        self.clock = MovableClock(stands=True)
        self.database = Database(Connections(url), self.clock)
        self.database.reactions = Reactions({}, {InboxChanged: [self._changed]}, ())
        values: dict[str, Any] = {"database_url": url, "jwt_secret": SECRET, "public_url": PUBLIC_URL}
        self.settings = Settings(_env_file=None, **values)  # type: ignore[call-arg]
        self.inbox = Inbox(self.database, self.clock, Entries(Templates(PUBLIC_URL), PUBLIC_URL))
        self.choices = Choices(self.database)
        self.devices = Devices(self.database)
        self.unsubscriber = Unsubscriber(self.database, self.settings)
        self.traces = Traces(self.database)
        self.changes: list[InboxChanged] = []

    async def _changed(self, event: InboxChanged) -> None:
        self.changes.append(event)

    async def person(self, user_id: str, **profile: Any) -> None:
        row = {
            "id": user_id,
            "display_name": user_id.title(),
            "roles": [],
            "email": f"{user_id}@example.com",
            "phone": None,
            "locale": "en",
            "time_zone": "UTC",
            "quiet_start": None,
            "quiet_end": None,
            "created_at": self.clock.now(),
            "updated_at": self.clock.now(),
            **profile,
        }
        async with self.database.begin() as tx:
            await users.save(tx.connection, row)

    async def told(self, user_id: str = "fan", kind: str = "order.placed", **columns: Any) -> str:
        """The id of a new entry in the person's inbox."""
        rule = rule_for(kind)
        row = {
            "id": new_id(),
            "event_id": new_id(),
            "user_id": user_id,
            "type": kind,
            "role": "fan",
            "category": rule.category,
            "priority": rule.priority,
            "data": "{}",
            "inbox": True,
            "decisions": "[]",
            "created_at": self.clock.now(),
            **columns,
        }
        await self.insert(notification, row)
        return str(row["id"])

    async def delivery(self, notification_id: str, **columns: Any) -> str:
        """The id of a delivery of that notification."""
        row = {
            "id": new_id(),
            "notification_id": notification_id,
            "rung": 0,
            "channel": "email",
            "user_id": "fan",
            "priority": 1,
            "state": "accepted",
            "created_at": self.clock.now(),
            "updated_at": self.clock.now(),
            **columns,
        }
        await self.insert(delivery, row)
        return str(row["id"])

    async def step(self, delivery_id: str, notification_id: str, state: str, **columns: Any) -> None:
        row = {
            "delivery_id": delivery_id,
            "notification_id": notification_id,
            "at": self.clock.now(),
            "state": state,
            **columns,
        }
        await self.insert(delivery_step, row)

    async def report(self, kind: str, **columns: Any) -> None:
        at = self.clock.now()
        row = {"provider": "sendgrid", "external_id": new_id(), "kind": kind, "at": at, "received_at": at, **columns}
        await self.insert(provider_event, row)

    async def insert(self, table: Any, row: dict[str, Any]) -> None:
        async with self.database.begin() as tx:
            await bulk.insert_many(tx.connection, table, [row])


def as_json(value: Any) -> Any:
    """A Struct as clients get it."""
    return msgspec.json.decode(msgspec.json.encode(value))


@asynccontextmanager
async def open_desk(url: str) -> AsyncIterator[Desk]:
    """A desk with a fan and a creator, closed at the end."""
    desk = Desk(url)
    try:
        await desk.person("fan")
        await desk.person("creator")
        yield desk
    finally:
        await desk.database.connections.close()
