"""Development only: what the sandbox senders captured, and the people of the demo."""

import msgspec
from msgspec import UNSET

from hub.clock import rfc3339
from hub.errors import RouteNotFound
from hub.gateway import fields, wire
from hub.gateway.rest.routes import Call, Reply, route
from persistence import captured


class DeliveriesQuery(wire.Request, frozen=True):
    """Which captured deliveries."""

    user_id: fields.UserId | None = None
    channel: str | None = None


@route(
    "GET",
    "/dev/deliveries",
    tag="development",
    query=DeliveriesQuery,
    answer=wire.Deliveries,
    public=True,
    errors=(RouteNotFound,),
)
async def get_deliveries(call: Call) -> Reply:
    """What would have been sent by the channels that have no provider, newest first. Not in production."""
    if call.hub.settings.production:
        raise RouteNotFound
    async with call.hub.database.read() as connection:
        rows = await captured.newest(connection, user_id=call.query.user_id, channel=call.query.channel)
    return Reply(
        wire.Deliveries(
            [
                wire.CapturedDelivery(
                    channel=row.channel,
                    to=row.recipient,
                    subject=UNSET if row.subject is None else row.subject,
                    text=row.text,
                    html=UNSET if row.html is None else row.html,
                    notification_id=row.notification_id,
                    delivery_id=row.delivery_id,
                    user_id=row.user_id,
                    at=rfc3339(row.at),
                    details=msgspec.json.decode(row.details),
                )
                for row in rows
            ]
        )
    )


@route("GET", "/dev/personas", tag="development", answer=wire.Personas, public=True, errors=(RouteNotFound,))
async def get_personas(call: Call) -> Reply:
    """The people of `hub demo`, each with a token. Nothing anywhere else."""
    if call.hub.settings.production or not call.hub.personas:
        raise RouteNotFound
    return Reply(wire.Personas(list(call.hub.personas)))
