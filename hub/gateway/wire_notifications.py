"""Payloads of notifications: the inbox, preferences, devices, unsubscribing and traces."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from hub.channels.base import Channel
from hub.gateway.fields import LINE, Limit, Locale
from hub.gateway.wire import QuietHours, Request
from hub.notifications.devices import Device
from hub.notifications.entries import Notification
from hub.notifications.rules import Category
from persistence.inbox import Filter

NotificationId = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$(?!\n)", description="UUIDv7 of a notification")
]
Scope = Annotated[
    str,
    Meta(
        pattern=r"^(all|category:(orders|payments|messages|ppv|reviews|security|news|other)"
        r"|event:[a-z0-9_]{1,32}(\.[a-z0-9_]{1,31})?"
        r"|conversation:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$(?!\n)",
        description="What a choice is about; a narrower one beats a wider one",
    ),
]
Label = Annotated[str, Meta(min_length=1, max_length=200, pattern=LINE)]
Token = Annotated[str, Meta(min_length=1, max_length=512, description="From the link in a message")]
Endpoint = Annotated[str, Meta(min_length=1, max_length=2_000, description="URL of a push subscription")]


# --- Inbox: requests ------------------------------------------------------------------------------------------------


class NotificationList(Request, frozen=True):
    """A page of the caller's notifications, newest first."""

    filter: Filter = "all"
    cursor: str | None = None
    limit: Limit = 30


class NotificationSeen(Request, frozen=True):
    """All was seen, or what is as old as `up_to` or older."""

    up_to: NotificationId | None = None


class OfNotification(Request, frozen=True):
    """Something about one notification."""

    notification_id: NotificationId


class NotificationSnooze(OfNotification, frozen=True):
    """Puts a notification off until a time (RFC 3339), when it is as new."""

    until: str


class PostSnooze(Request, frozen=True):
    """Until when (RFC 3339) a notification is put off."""

    until: str


# --- Inbox: answers and events --------------------------------------------------------------------------------------


class NotificationsPage(Struct, frozen=True, kw_only=True):
    """Notifications, how many are unseen in all, and the cursor of the next page when there is one."""

    notifications: list[Notification]
    unseen: int
    next: str | UnsetType = UNSET


class Unseen(Struct, frozen=True):
    """How many notifications are unseen now."""

    unseen: int


class NotificationNew(Struct, frozen=True):
    """A notification came into the person's inbox."""

    notification: Notification
    unseen: int


class NotificationUpdated(Struct, frozen=True, kw_only=True):
    """The person's inbox changed; without ids, more than single entries of it."""

    unseen: int
    notification_ids: list[str] | UnsetType = UNSET


# --- Preferences ----------------------------------------------------------------------------------------------------


class Setting(Request, frozen=True):
    """One choice; `allowed` null takes it back, so that the default holds."""

    scope: Scope
    channel: Channel | Literal["*"]
    allowed: bool | None


class PutPreferences(Request, frozen=True):
    """What is to change; what is left out stays."""

    locale: Locale | UnsetType = UNSET
    time_zone: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    quiet_hours: QuietHours | UnsetType | None = UNSET
    settings: Annotated[list[Setting], Meta(max_length=200)] = field(default_factory=list)


# --- Devices --------------------------------------------------------------------------------------------------------


class PushKeys(Request, frozen=True):
    """As `PushSubscription.toJSON` gives them, base64url."""

    p256dh: Annotated[str, Meta(min_length=1, max_length=128)]
    auth: Annotated[str, Meta(min_length=1, max_length=64)]


class PostPushSubscription(Request, frozen=True):
    """A browser's push subscription; the same endpoint again renews it."""

    endpoint: Endpoint
    keys: PushKeys
    label: Label = "Browser"


class DeletePushSubscription(Request, frozen=True):
    """The subscription that the browser has given up."""

    endpoint: Endpoint


class PushKey(Struct, frozen=True):
    """The hub's VAPID key for `applicationServerKey`, base64url; null when push messages are not really sent."""

    public_key: str | None


class PushSubscriptions(Struct, frozen=True):
    """The person's devices, newest first."""

    subscriptions: list[Device]


class PushSubscriptionData(Struct, frozen=True):
    """One device."""

    subscription: Device


# --- Unsubscribing --------------------------------------------------------------------------------------------------


class UnsubscribeQuery(Request, frozen=True):
    """The token of the link."""

    token: Token


class Unsubscribed(Struct, frozen=True):
    """What is not told any more."""

    channel: Channel
    category: Category


class UnsubscribedData(Struct, frozen=True):
    """It is done."""

    unsubscribed: Unsubscribed
