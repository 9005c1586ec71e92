"""The Socket.IO events of the inbox."""

from msgspec import UNSET

from hub.errors import NotificationNotFound
from hub.gateway import wire_notifications as wire
from hub.gateway.paging import from_cursor, to_cursor
from hub.gateway.services import Services
from hub.gateway.session import Session
from hub.gateway.table import on
from hub.gateway.times import time_of


@on("notification.list", wire.NotificationList, wire.NotificationsPage)
async def notification_list(hub: Services, session: Session, request: wire.NotificationList) -> wire.NotificationsPage:
    """The caller's notifications, newest first."""
    page = await hub.inbox.page(
        session.user_id, wanted=request.filter, before=from_cursor(request.cursor), limit=request.limit
    )
    following = UNSET if page.next is None else to_cursor(page.next)
    return wire.NotificationsPage(notifications=page.notifications, unseen=page.unseen, next=following)


@on("notification.seen", wire.NotificationSeen, wire.Unseen, ack_needed=False)
async def notification_seen(hub: Services, session: Session, request: wire.NotificationSeen) -> wire.Unseen:
    """The person has looked at the list; the badge goes out on all devices."""
    return wire.Unseen(await hub.inbox.see(session.user_id, request.up_to))


@on("notification.read", wire.OfNotification, wire.Unseen, NotificationNotFound, ack_needed=False)
async def notification_read(hub: Services, session: Session, request: wire.OfNotification) -> wire.Unseen:
    """The person has opened a notification."""
    return wire.Unseen(await hub.inbox.read(session.user_id, request.notification_id))


@on("notification.archive", wire.OfNotification, wire.Unseen, NotificationNotFound, ack_needed=False)
async def notification_archive(hub: Services, session: Session, request: wire.OfNotification) -> wire.Unseen:
    """Puts a notification away."""
    return wire.Unseen(await hub.inbox.archive(session.user_id, request.notification_id))


@on("notification.snooze", wire.NotificationSnooze, wire.Unseen, NotificationNotFound, ack_needed=False)
async def notification_snooze(hub: Services, session: Session, request: wire.NotificationSnooze) -> wire.Unseen:
    """Puts a notification off; when the time has come, it is as new."""
    until = time_of("until", request.until)
    return wire.Unseen(await hub.inbox.snooze(session.user_id, request.notification_id, until))
