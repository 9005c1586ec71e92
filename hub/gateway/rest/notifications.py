"""The inbox over HTTP."""

from hub.errors import NotificationNotFound
from hub.gateway import wire_notifications as wire
from hub.gateway.fields import is_uuid
from hub.gateway.paging import from_cursor, to_cursor
from hub.gateway.rest.routes import Call, Reply, route
from hub.gateway.times import time_of
from hub.gateway.wire import Empty

ENTRY = "/me/notifications/{notification_id}"


@route(
    "GET",
    "/me/notifications",
    tag="notifications",
    query=wire.NotificationList,
    answer=wire.NotificationsPage,
    paged=True,
)
async def get_notifications(call: Call) -> Reply:
    """The caller's notifications, newest first."""
    query: wire.NotificationList = call.query
    page = await call.hub.inbox.page(
        call.identity.user_id, wanted=query.filter, before=from_cursor(query.cursor), limit=query.limit
    )
    data = wire.NotificationsPage(notifications=page.notifications, unseen=page.unseen)
    return Reply(data, paged=True, next=None if page.next is None else to_cursor(page.next))


@route("POST", "/me/notifications/seen", tag="notifications", body=wire.NotificationSeen, answer=wire.Unseen)
async def post_notifications_seen(call: Call) -> Reply:
    """Marks all as seen, or those that are as old as `up_to` or older."""
    return Reply(wire.Unseen(await call.hub.inbox.see(call.identity.user_id, call.body.up_to)))


@route("POST", "/me/notifications/read-all", tag="notifications", body=Empty, answer=wire.Unseen)
async def post_notifications_read_all(call: Call) -> Reply:
    """Marks all as read."""
    return Reply(wire.Unseen(await call.hub.inbox.read_all(call.identity.user_id)))


@route(
    "POST",
    ENTRY + "/read",
    tag="notifications",
    body=Empty,
    answer=wire.Unseen,
    errors=(NotificationNotFound,),
)
async def post_notification_read(call: Call) -> Reply:
    """Marks a notification as read."""
    return Reply(wire.Unseen(await call.hub.inbox.read(call.identity.user_id, notification_id_of(call))))


@route(
    "POST",
    ENTRY + "/unread",
    tag="notifications",
    body=Empty,
    answer=wire.Unseen,
    errors=(NotificationNotFound,),
)
async def post_notification_unread(call: Call) -> Reply:
    """Marks a notification as not read."""
    return Reply(wire.Unseen(await call.hub.inbox.unread(call.identity.user_id, notification_id_of(call))))


@route(
    "POST",
    ENTRY + "/archive",
    tag="notifications",
    body=Empty,
    answer=wire.Unseen,
    errors=(NotificationNotFound,),
)
async def post_notification_archive(call: Call) -> Reply:
    """Puts a notification away."""
    return Reply(wire.Unseen(await call.hub.inbox.archive(call.identity.user_id, notification_id_of(call))))


@route(
    "POST",
    ENTRY + "/unarchive",
    tag="notifications",
    body=Empty,
    answer=wire.Unseen,
    errors=(NotificationNotFound,),
)
async def post_notification_unarchive(call: Call) -> Reply:
    """Takes a notification out of the archive."""
    return Reply(wire.Unseen(await call.hub.inbox.unarchive(call.identity.user_id, notification_id_of(call))))


@route(
    "POST",
    ENTRY + "/snooze",
    tag="notifications",
    body=wire.PostSnooze,
    answer=wire.Unseen,
    errors=(NotificationNotFound,),
)
async def post_notification_snooze(call: Call) -> Reply:
    """Puts a notification off; when the time has come, it is as new."""
    until = time_of("until", call.body.until)
    return Reply(wire.Unseen(await call.hub.inbox.snooze(call.identity.user_id, notification_id_of(call), until)))


def notification_id_of(call: Call) -> str:
    """The id in the path. Raises NotificationNotFound for what cannot be one."""
    notification_id = call.path["notification_id"]
    if not is_uuid(notification_id):
        raise NotificationNotFound
    return notification_id
