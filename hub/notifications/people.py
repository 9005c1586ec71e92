"""What the router knows of people: addresses, devices, choices and suppressions, read for many at once."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

from hub.channels.base import Channel
from hub.notifications.decisions import NO_CHOICES, Choices
from persistence import notification_planning as rows
from persistence.engine import Connection
from persistence.suppressions import address_hash

NOTHING: Mapping[str, str] = {}


class Address(Struct, frozen=True):
    """Where a channel reaches a person; `device` is the push subscription's row."""

    to: str
    endpoint_id: str = ""
    device: Any = None


class People(Struct, frozen=True):
    """Users with everything that decides about telling them."""

    users: Mapping[str, Any]
    choices: Mapping[str, Choices]
    devices: Mapping[str, Sequence[Any]]
    suppressed: Mapping[tuple[str, str], Mapping[str, str]]

    def choices_of(self, user_id: str) -> Choices:
        """What the person chose."""
        return self.choices.get(user_id, NO_CHOICES)

    def addresses(self, user_id: str, channel: Channel) -> list[Address]:
        """Where `channel` reaches the person."""
        if channel == "push":
            return [Address(each.address, each.id, each) for each in self.devices.get(user_id, ())]
        row = self.users.get(user_id)
        to = None if row is None else row.email if channel == "email" else row.phone
        return [Address(to)] if to else []

    def suppression(self, user_id: str, channel: Channel) -> Mapping[str, str]:
        """Scope -> reason of what is suppressed for the person's e-mail address or number."""
        if not self.suppressed or channel in ("push", "in_app"):
            return NOTHING
        for address in self.addresses(user_id, channel):
            return self.suppressed.get((channel, address_hash(address.to)), NOTHING)
        return NOTHING


async def know(connection: Connection, user_ids: Collection[str], *, now: int) -> People:
    """Reads all of it, with a statement for each kind."""
    ids = sorted(set(user_ids))
    users = await rows.people(connection, ids)
    hashes = [address_hash(to) for row in users.values() for to in (row.email, row.phone) if to]
    return People(
        users=users,
        choices=await rows.choices(connection, ids),
        devices=await rows.devices(connection, ids),
        suppressed=await rows.suppressed(connection, hashes, now=now) if hashes else {},
    )
