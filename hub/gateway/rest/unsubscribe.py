"""Unsubscribing by the link of a message, without signing in: the token says for whom and from what."""

from hub.errors import UnsubscribeInvalid
from hub.gateway import wire_notifications as wire
from hub.gateway.rest.routes import Call, Reply, route
from hub.notifications.unsubscribe import Subscription

PATH = "/unsubscribe"


@route(
    "GET",
    PATH,
    tag="unsubscribe",
    query=wire.UnsubscribeQuery,
    answer=Subscription,
    public=True,
    errors=(UnsubscribeInvalid,),
)
async def get_unsubscribe(call: Call) -> Reply:
    """What a link would turn off; nothing changes, so that a mail scanner that follows it does no harm."""
    return Reply(await call.hub.unsubscriber.of(call.query.token))


@route(
    "POST",
    PATH,
    tag="unsubscribe",
    query=wire.UnsubscribeQuery,
    answer=wire.UnsubscribedData,
    public=True,
    errors=(UnsubscribeInvalid,),
)
async def post_unsubscribe(call: Call) -> Reply:
    """Turns it off. Any body is taken, so that mail programs can do it in one click (RFC 8058)."""
    done = await call.hub.unsubscriber.apply(call.query.token)
    return Reply(wire.UnsubscribedData(wire.Unsubscribed(done.channel, done.category)))


@route(
    "DELETE",
    PATH,
    tag="unsubscribe",
    query=wire.UnsubscribeQuery,
    answer=Subscription,
    public=True,
    errors=(UnsubscribeInvalid,),
)
async def delete_unsubscribe(call: Call) -> Reply:
    """Turns it on again."""
    return Reply(await call.hub.unsubscriber.undo(call.query.token))
