"""What the hub was asked to tell a person, as they may have it with them: notifications, choices and devices."""

from typing import Any

import msgspec
from msgspec import Struct

from hub.clock import rfc3339
from persistence import endpoints, inbox, preferences
from persistence.engine import Connection


class ExportedNotification(Struct, frozen=True, kw_only=True):
    """What a person was told of."""

    id: str
    type: str
    category: str
    data: dict[str, Any]
    conversation_id: str | None
    created_at: str
    seen_at: str | None
    read_at: str | None


class ExportedPreference(Struct, frozen=True):
    """What a person chose."""

    scope: str
    channel: str
    allowed: bool


class ExportedDevice(Struct, frozen=True):
    """A browser that a person subscribed with."""

    id: str
    label: str
    endpoint: str
    created_at: str


async def notifications_of(connection: Connection, user_id: str) -> list[ExportedNotification]:
    """All that is held of what a person was told, oldest first."""
    return [
        ExportedNotification(
            id=row.id,
            type=row.type,
            category=row.category,
            data=msgspec.json.decode(row.data),
            conversation_id=row.conversation_id,
            created_at=rfc3339(row.created_at),
            seen_at=None if row.seen_at is None else rfc3339(row.seen_at),
            read_at=None if row.read_at is None else rfc3339(row.read_at),
        )
        for row in await inbox.all_of(connection, user_id)
    ]


async def preferences_of(connection: Connection, user_id: str) -> list[ExportedPreference]:
    """All that a person chose."""
    chosen = await preferences.of_user(connection, user_id)
    return [ExportedPreference(scope, channel, allowed) for (scope, channel), allowed in chosen.items()]


async def devices_of(connection: Connection, user_id: str) -> list[ExportedDevice]:
    """The browsers that take push messages for a person."""
    rows = await endpoints.of_user(connection, user_id)
    return [ExportedDevice(row.id, row.label, row.address, rfc3339(row.created_at)) for row in rows]
