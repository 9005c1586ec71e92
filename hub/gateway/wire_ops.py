"""Payloads of the routes for operators."""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from hub.gateway.wire import Request


class DeadQuery(Request, frozen=True):
    """Which dead letters."""

    kind: Literal["outbox", "delivery"] | None = None


class DeadEvent(Struct, frozen=True, kw_only=True):
    """An event in the outbox whose reaction kept failing."""

    id: str
    type: str
    attempts: int
    error: str | UnsetType = UNSET
    at: str
    dead_at: str


class DeadDelivery(Struct, frozen=True, kw_only=True):
    """A delivery that came to nothing (`dead`, `failed`), or whose fate is not known (`unknown`)."""

    id: str
    notification_id: str
    user_id: str
    channel: str
    state: str
    reason: str | UnsetType = UNSET
    provider: str | UnsetType = UNSET
    attempts: int
    at: str


class DeadLetters(Struct, frozen=True):
    """The latest first, at most 500 of each."""

    outbox: list[DeadEvent]
    deliveries: list[DeadDelivery]


class Replayed(Struct, frozen=True):
    """It will be tried again at once."""

    replayed: bool
