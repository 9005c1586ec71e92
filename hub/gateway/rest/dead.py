"""Dead letters for operators: what was given up, and trying it again."""

from msgspec import UNSET

from hub.clock import rfc3339
from hub.errors import DeadLetterNotFound
from hub.gateway import wire, wire_ops
from hub.gateway.rest.routes import Call, Reply, route
from hub.notifications.dead import DeadDelivery, DeadEvent, DeadLetters, Kind


@route(
    "GET",
    "/ops/dead",
    tag="operations",
    query=wire_ops.DeadQuery,
    answer=wire_ops.DeadLetters,
    roles=("admin", "service"),
)
async def get_dead(call: Call) -> Reply:
    """Events and deliveries that nobody tries any more, with the last error of each."""
    letters, kind = DeadLetters(call.hub.database), call.query.kind
    events = [] if kind == "delivery" else await letters.events()
    deliveries = [] if kind == "outbox" else await letters.deliveries()
    return Reply(wire_ops.DeadLetters([_event(each) for each in events], [_delivery(each) for each in deliveries]))


@route(
    "POST",
    "/ops/dead/{kind}/{id}/replay",
    tag="operations",
    body=wire.Empty,
    answer=wire_ops.Replayed,
    roles=("admin", "service"),
    errors=(DeadLetterNotFound,),
)
async def replay_dead(call: Call) -> Reply:
    """Has one tried again from the beginning; `kind` is `outbox` or `delivery`."""
    kinds: dict[str, Kind] = {"outbox": "outbox", "delivery": "delivery"}
    kind, id_ = kinds.get(call.path["kind"]), call.path["id"]
    if kind is None:
        raise DeadLetterNotFound({"kind": call.path["kind"]})
    await DeadLetters(call.hub.database).replay(kind, id_, actor=call.identity.user_id)
    return Reply(wire_ops.Replayed(replayed=True))


def _event(letter: DeadEvent) -> wire_ops.DeadEvent:
    return wire_ops.DeadEvent(
        id=str(letter.id),
        type=letter.type,
        attempts=letter.attempts,
        error=UNSET if letter.error is None else letter.error,
        at=rfc3339(letter.at),
        dead_at=rfc3339(letter.dead_at),
    )


def _delivery(letter: DeadDelivery) -> wire_ops.DeadDelivery:
    return wire_ops.DeadDelivery(
        id=letter.id,
        notification_id=letter.notification_id,
        user_id=letter.user_id,
        channel=letter.channel,
        state=letter.state,
        reason=UNSET if letter.reason is None else letter.reason,
        provider=UNSET if letter.provider is None else letter.provider,
        attempts=letter.attempts,
        at=rfc3339(letter.at),
    )
