"""What a person chose: by which channel they are told of what, when they are left alone, and in which language."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from hub.channels.base import CHANNELS, Channel
from hub.errors import RequestInvalid, UserNotFound
from hub.notifications import offers
from hub.notifications.rules import CATEGORIES, Category, rule_for
from persistence import endpoints, gathering, preferences, users
from persistence.engine import Connection
from persistence.uow import Database, Tx

MOST_CHOICES = 1_000
"""Rows of one person: every switch of the page, and as many muted conversations as anybody has."""
CONVERSATION = "conversation:"
EVERY_CHANNEL = "*"

Key = tuple[str, str]
"""(scope, channel)."""


class QuietTime(Struct, frozen=True):
    """`HH:MM` to `HH:MM` in the person's time zone; may pass midnight."""

    start: str
    end: str


class CategoryChoices(Struct, frozen=True, kw_only=True):
    """One row of the matrix. `required`: some of it is told whatever was chosen, so it cannot be turned off."""

    category: Category
    required: bool
    channels: dict[Channel, bool]
    offered: list[Channel]
    """Channels by which anything of this category is told at all."""


class Preferences(Struct, frozen=True, kw_only=True):
    """All that a person can choose, as it holds now."""

    locale: str
    time_zone: str
    quiet_hours: QuietTime | None
    categories: list[CategoryChoices]
    muted_conversations: list[str]
    channels_available: dict[Channel, bool]
    """Whether there is an address: a device for push, an e-mail address, a phone number."""


class Wishes(Struct, frozen=True, kw_only=True):
    """What is to change; `settings` maps (scope, channel) to allowed, or to None for the default."""

    locale: str | UnsetType = UNSET
    time_zone: str | UnsetType = UNSET
    quiet_hours: QuietTime | UnsetType | None = UNSET
    settings: Mapping[Key, bool | None] = {}


class Choices:
    """Reads and writes preferences."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_id: str) -> Preferences:
        """A person's preferences. Raises UserNotFound."""
        async with self._database.read() as connection:
            return await _view(connection, user_id)

    async def change(self, user_id: str, wishes: Wishes) -> Preferences:
        """Changes some of them; all as they are then. Raises UserNotFound; RequestInvalid for what is required."""
        for (scope, channel), allowed in wishes.settings.items():
            if allowed is False:
                _check_may_be_off(scope, channel)
        async with self._database.begin() as tx:
            await _change_profile(tx, user_id, wishes)
            if wishes.settings:
                await _change_settings(tx, user_id, wishes.settings)
                await gathering.plan_anew(tx.connection, user_id)
            return await _view(tx.connection, user_id)


def _check_may_be_off(scope: str, channel: str) -> None:
    kind, _, name = scope.partition(":")
    required = (kind == "category" and offers.is_required(name)) or (kind == "event" and rule_for(name).critical)
    if required:
        raise RequestInvalid({"field": "settings", "scope": scope, "channel": channel, "reason": "it is required"})


async def _change_profile(tx: Tx, user_id: str, wishes: Wishes) -> None:
    values: dict[str, Any] = {}
    if wishes.locale is not UNSET:
        values["locale"] = wishes.locale
    if wishes.time_zone is not UNSET:
        values["time_zone"] = wishes.time_zone
    if wishes.quiet_hours is not UNSET:
        quiet = wishes.quiet_hours
        values |= {"quiet_start": quiet.start if quiet else None, "quiet_end": quiet.end if quiet else None}
    if values:
        await users.change(tx.connection, user_id, values | {"updated_at": tx.now})


async def _change_settings(tx: Tx, user_id: str, settings: Mapping[Key, bool | None]) -> None:
    await preferences.forget(tx.connection, user_id, [key for key, allowed in settings.items() if allowed is None])
    chosen = {key: allowed for key, allowed in settings.items() if allowed is not None}
    if not chosen:
        return
    held = await preferences.of_user(tx.connection, user_id)
    if len(held.keys() | chosen.keys()) > MOST_CHOICES:
        raise RequestInvalid({"field": "settings", "reason": "too many", "limit": MOST_CHOICES})
    await preferences.choose(tx.connection, user_id, chosen, at=tx.now)


async def _view(connection: Connection, user_id: str) -> Preferences:
    row = await users.get(connection, user_id)
    if row is None:
        raise UserNotFound
    chosen = await preferences.of_user(connection, user_id)
    devices = await endpoints.of_user(connection, user_id)
    quiet = QuietTime(row.quiet_start, row.quiet_end) if row.quiet_start and row.quiet_end else None
    return Preferences(
        locale=row.locale,
        time_zone=row.time_zone,
        quiet_hours=quiet,
        categories=[_category(category, chosen) for category in CATEGORIES],
        muted_conversations=_muted(chosen),
        channels_available=_available(row, devices),
    )


def _category(category: Category, chosen: Mapping[Key, bool]) -> CategoryChoices:
    return CategoryChoices(
        category=category,
        required=offers.is_required(category),
        channels={channel: offers.is_on(category, channel, chosen) for channel in CHANNELS},
        offered=[channel for channel in CHANNELS if offers.is_offered(category, channel)],
    )


def _muted(chosen: Mapping[Key, bool]) -> list[str]:
    return [
        scope.removeprefix(CONVERSATION)
        for (scope, channel), allowed in chosen.items()
        if scope.startswith(CONVERSATION) and channel == EVERY_CHANNEL and not allowed
    ]


def _available(row: Any, devices: Sequence[Any]) -> dict[Channel, bool]:
    return {
        "in_app": True,
        "push": bool(devices),
        "email": row.email is not None,
        "sms": row.phone is not None,
        "whatsapp": row.phone is not None,
    }
