"""Why a notification went out, or did not."""

from hub.errors import NotificationNotFound
from hub.gateway.rest.notifications import notification_id_of
from hub.gateway.rest.routes import Call, Reply, route
from hub.notifications.trace import Trace

WHO_SEE_ALL = frozenset({"service", "admin"})


@route(
    "GET",
    "/notifications/{notification_id}/trace",
    tag="events",
    answer=Trace,
    errors=(NotificationNotFound,),
)
async def get_trace(call: Call) -> Reply:
    """Every decision, delivery, attempt and report: for the platform, administrators, and the person themself."""
    who = call.identity
    of_user = None if who.roles & WHO_SEE_ALL else who.user_id
    return Reply(await call.hub.traces.of(notification_id_of(call), of_user=of_user))
