"""Payloads of publishing events into the router."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from hub.gateway.fields import ConversationId, Locale, Role, Seq, UserId
from hub.gateway.wire import Request
from hub.notifications.publishing import EventState

EventType = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9_]{1,32}(\.[a-z0-9_]{1,31})?$(?!\n)",
        description="`family.what`, as `order.placed`; one without a rule of its own takes its family's",
    ),
]
Time = Annotated[str, Meta(description="RFC 3339 with a time zone")]


class Audience(Request, frozen=True):
    """Everybody whom all given conditions fit; `all` says that no condition is meant."""

    all: bool = False
    roles: Annotated[tuple[Role, ...], Meta(max_length=10)] = ()
    locales: Annotated[tuple[Locale, ...], Meta(max_length=10)] = ()


class PostEvent(Request, frozen=True):
    """Something that has happened and that people are to be told of."""

    type: EventType
    data: dict[str, Any] = field(default_factory=dict)
    """What the texts are made of, as `order_id`, `title`, `amount` (minor units) and `currency`, `url`."""
    recipients: Annotated[tuple[UserId, ...], Meta(max_length=1000)] = ()
    audience: Audience | None = None
    """Instead of recipients: an announcement, planned page by page."""
    dedupe_key: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    """The same key is the same event for ever."""
    priority: Literal["critical", "high", "normal", "low"] | None = None
    """Default: the rule's. What is critical passes preferences, quiet hours and caps."""
    send_at: Time | None = None
    delay_seconds: Annotated[int, Meta(ge=0, le=31_536_000)] | None = None
    expires_at: Time | None = None
    """Telling it later makes no sense."""
    conversation_id: ConversationId | None = None
    seq: Seq | None = None
    """The message that it is about: who has read up to it is not told any more."""


class EventAccepted(Struct, frozen=True):
    """The event is stored; people are told from now on. With an audience there are no ids yet."""

    event_id: str
    notifications: list[str]


class EventProgress(Struct, frozen=True):
    """How far an event is: people planned for, and their deliveries by state."""

    event_id: str
    type: str
    state: EventState
    planned: int
    deliveries: dict[str, int]
