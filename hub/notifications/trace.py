"""Why somebody was told of something, or was not: every decision, delivery, attempt and report of one notification."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from hub.channels.base import Channel
from hub.clock import rfc3339
from hub.errors import NotificationNotFound
from hub.notifications.entries import NAMES, Priority
from hub.notifications.masking import masked
from persistence import traces, users
from persistence.engine import Connection
from persistence.uow import Database

Moment = str | UnsetType
"""RFC 3339, or nothing."""


class Traced(Struct, frozen=True, kw_only=True):
    """The notification. Times that did not happen are left out."""

    id: str
    event_id: str
    user_id: str
    type: str
    role: str
    category: str
    priority: Priority
    conversation_id: Moment = UNSET
    created_at: str
    expires_at: Moment = UNSET
    seen_at: Moment = UNSET
    read_at: Moment = UNSET
    replied_at: Moment = UNSET
    paid_at: Moment = UNSET
    archived_at: Moment = UNSET
    snoozed_until: Moment = UNSET


class Decision(Struct, frozen=True, kw_only=True):
    """Whether a rung was to be sent, at which level that was decided, and why."""

    rung: int
    channel: str
    verdict: Literal["send", "hold", "skip"]
    level: str
    reason: str
    until: Moment = UNSET
    """When what was held goes on."""
    due_at: Moment = UNSET
    """When it was to be sent."""
    at: Moment = UNSET


class Step(Struct, frozen=True, kw_only=True):
    """What happened to a delivery. With `took_ms` it is an attempt: how long the provider took."""

    at: str
    state: str
    reason: str | None
    provider: str | None
    took_ms: int | UnsetType = UNSET


class ProviderReport(Struct, frozen=True, kw_only=True):
    """What a provider told later."""

    at: str
    kind: str
    provider: str
    reason: str | None


class TracedDelivery(Struct, frozen=True, kw_only=True):
    """One rung on one channel to one address."""

    id: str
    rung: int
    channel: Channel
    to: str
    """The address as it is now, masked."""
    state: str
    reason: str | None
    provider: str | None
    provider_id: str | None
    due_at: str | None
    parent_id: Moment = UNSET
    """The delivery of the digest that it waits for, or went out with."""
    attempts: int
    template_version: int | None
    variant: str | None
    locale: str | None
    created_at: str
    sent_at: Moment = UNSET
    steps: list[Step]
    reports: list[ProviderReport]


class Trace(Struct, frozen=True):
    """All that is known of one notification."""

    notification: Traced
    decisions: list[Decision]
    deliveries: list[TracedDelivery]


class Traces:
    """Reads traces."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, notification_id: str, *, of_user: str | None) -> Trace:
        """The trace; with `of_user` only if the notification is theirs. Raises NotificationNotFound."""
        async with self._database.read() as connection:
            row = await traces.notification_of(connection, notification_id)
            if row is None or (of_user is not None and row.user_id != of_user):
                raise NotificationNotFound
            return Trace(_traced(row), _decisions(row.decisions), await _deliveries(connection, row))


def _traced(row: Any) -> Traced:
    times = ("expires_at", "seen_at", "read_at", "replied_at", "paid_at", "archived_at", "snoozed_until")
    return Traced(
        id=row.id,
        event_id=row.event_id,
        user_id=row.user_id,
        type=row.type,
        role=row.role,
        category=row.category,
        priority=NAMES.get(row.priority, "normal"),
        conversation_id=row.conversation_id or UNSET,
        created_at=rfc3339(row.created_at),
        **{name: _time(getattr(row, name)) for name in times},
    )


def _decisions(stored: str) -> list[Decision]:
    """As the planner wrote them; a field of another version of it is passed over."""
    return [
        Decision(
            rung=each.get("rung", 0),
            channel=each.get("channel", ""),
            verdict=each.get("verdict", "skip"),
            level=each.get("level", ""),
            reason=each.get("reason", ""),
            until=_time(each.get("until")),
            due_at=_time(each.get("due_at")),
            at=_time(each.get("at")),
        )
        for each in msgspec.json.decode(stored)
    ]


async def _deliveries(connection: Connection, row: Any) -> list[TracedDelivery]:
    found = await traces.deliveries_of(connection, row.id)
    person = await users.get(connection, row.user_id)
    devices = await traces.addresses_of(connection, {each.endpoint_id for each in found if each.endpoint_id})
    steps: dict[str, list[Step]] = {}
    for step in await traces.steps_of(connection, row.id):
        steps.setdefault(step.delivery_id, []).append(_step(step))
    reports = await traces.reports_of(connection, found)
    return [
        _delivery(each, _address(each, person, devices), steps.get(each.id, []), _of_delivery(each, reports))
        for each in found
    ]


def _address(delivery: Any, person: Any | None, devices: Mapping[str, str]) -> str:
    if delivery.channel == "push":
        return masked("push", devices.get(delivery.endpoint_id))
    if person is None:
        return ""
    return masked(delivery.channel, person.email if delivery.channel == "email" else person.phone)


def _of_delivery(delivery: Any, reports: Sequence[Any]) -> list[ProviderReport]:
    # A report that names our own id is not taken for another's that has the same number with another provider.
    return [
        ProviderReport(at=rfc3339(each.at), kind=each.kind, provider=each.provider, reason=each.reason)
        for each in reports
        if each.delivery_id == delivery.id
        or (each.delivery_id is None and each.provider_id is not None and each.provider_id == delivery.provider_id)
    ]


def _step(row: Any) -> Step:
    return Step(
        at=rfc3339(row.at),
        state=row.state,
        reason=row.reason,
        provider=row.provider,
        took_ms=UNSET if row.began_at is None else row.at - row.began_at,
    )


def _delivery(row: Any, to: str, steps: list[Step], reports: list[ProviderReport]) -> TracedDelivery:
    due_at = row.carrier_due_at if row.state == "held" and row.due_at is None else row.due_at
    return TracedDelivery(
        id=row.id,
        rung=row.rung,
        channel=row.channel,
        to=to,
        state=row.state,
        reason=row.reason,
        provider=row.provider,
        provider_id=row.provider_id,
        due_at=None if due_at is None else rfc3339(due_at),
        parent_id=row.parent_id or UNSET,
        attempts=row.attempts,
        template_version=row.template_version,
        variant=row.variant,
        locale=row.locale,
        created_at=rfc3339(row.created_at),
        sent_at=_time(row.sent_at),
        steps=steps,
        reports=reports,
    )


def _time(at: int | None) -> Moment:
    return UNSET if at is None else rfc3339(at)
