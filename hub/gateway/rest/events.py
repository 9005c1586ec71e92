"""Events (service): publishing into the router, how far it is, and taking it back."""

import re
from hashlib import sha256

from hub.clock import parse_rfc3339
from hub.errors import EventNotFound, IdempotencyConflict, RequestInvalid
from hub.gateway.rest.idempotency import once
from hub.gateway.rest.routes import Call, Reply, route
from hub.gateway.wire_events import EventAccepted, EventProgress, PostEvent
from hub.notifications.publishing import Audience, Progress, Publication
from hub.notifications.rules import PRIORITIES
from persistence.uow import Tx

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@route(
    "POST",
    "/events",
    tag="events",
    body=PostEvent,
    answer=EventAccepted,
    roles=("service", "admin"),
    errors=(RequestInvalid, IdempotencyConflict),
    idempotent=True,
    status=202,
)
async def post_event(call: Call) -> Reply:
    """Publishes an event: its rule says who is told, by which channels and when."""
    publication = _publication(call, call.body, call.hub.clock.now())

    async def create(tx: Tx) -> EventAccepted:
        published = await call.hub.publisher.publish(tx, publication)
        return EventAccepted(published.event_id, published.notifications)

    return Reply(await once(call, create), status=202)


@route(
    "GET", "/events/{event_id}", tag="events", answer=EventProgress, roles=("service", "admin"), errors=(EventNotFound,)
)
async def get_event(call: Call) -> Reply:
    """How many people an event was planned for, and how their deliveries stand."""
    async with call.hub.database.read() as connection:
        return Reply(_shown(await call.hub.publisher.progress(connection, _event_id(call))))


@route(
    "DELETE",
    "/events/{event_id}",
    tag="events",
    answer=EventProgress,
    roles=("service", "admin"),
    errors=(EventNotFound,),
)
async def cancel_event(call: Call) -> Reply:
    """Takes an event back: what has not gone out yet stays here."""
    async with call.hub.database.begin() as tx:
        return Reply(_shown(await call.hub.publisher.cancel(tx, _event_id(call))))


def _shown(progress: Progress) -> EventProgress:
    return EventProgress(progress.event_id, progress.type, progress.state, progress.planned, progress.deliveries)


def _event_id(call: Call) -> str:
    event_id = call.path["event_id"]
    if _ID.fullmatch(event_id) is None:
        raise EventNotFound
    return event_id


def _publication(call: Call, body: PostEvent, now: int) -> Publication:
    if bool(body.recipients) == (body.audience is not None):
        raise RequestInvalid({"field": "recipients", "reason": "name either recipients or an audience"})
    if len(set(body.recipients)) != len(body.recipients):
        raise RequestInvalid({"field": "recipients", "reason": "somebody is named twice"})
    not_before = _not_before(body, now)
    expires_at = _time("expires_at", body.expires_at)
    if expires_at is not None and expires_at <= max(now, not_before or 0):
        raise RequestInvalid({"field": "expires_at", "reason": "it would be too late before it begins"})
    return Publication(
        type=body.type,
        data=body.data,
        actor=call.identity.user_id,
        digest=sha256(call.raw_body).digest(),
        recipients=body.recipients,
        audience=_audience(body),
        dedupe_key=body.dedupe_key,
        priority=None if body.priority is None else PRIORITIES[body.priority],
        not_before=not_before,
        expires_at=expires_at,
        conversation_id=body.conversation_id,
        seq=body.seq,
    )


def _audience(body: PostEvent) -> Audience | None:
    wanted = body.audience
    if wanted is None:
        return None
    if wanted.all == bool(wanted.roles or wanted.locales):
        raise RequestInvalid({"field": "audience", "reason": "give `all`, or roles or locales"})
    return Audience(roles=tuple(wanted.roles), locales=tuple(wanted.locales))


def _not_before(body: PostEvent, now: int) -> int | None:
    if body.send_at is not None and body.delay_seconds is not None:
        raise RequestInvalid({"field": "send_at", "reason": "give a time or a delay, not both"})
    if body.delay_seconds is not None:
        return now + body.delay_seconds * 1000
    return _time("send_at", body.send_at)


def _time(field: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise RequestInvalid({"field": field, "reason": str(error)}) from None
