"""Publishing an event into the router: to named people, or to an audience that is planned page by page."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from hub.errors import EventNotFound, IdempotencyConflict
from hub.events import EventPublished
from hub.ids import new_id
from persistence import cancelling, notification_events
from persistence.engine import Connection
from persistence.uow import Tx

RECIPIENTS_AT_ONCE = 200
"""People in one outbox row, so that the relay's batches stay of one size."""
EventState = Literal["scheduled", "planning", "published", "done", "cancelled"]


class Audience(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Everybody whom all the given conditions fit: any of these roles, any of these languages."""

    roles: Sequence[str] = ()
    locales: Sequence[str] = ()

    def includes(self, roles: Sequence[str], locale: str) -> bool:
        """Whether a person belongs to it."""
        return (not self.roles or bool(set(self.roles) & set(roles or ()))) and (
            not self.locales or locale in self.locales
        )


class Publication(Struct, frozen=True, kw_only=True):
    """An event and whom it is for: `recipients`, or an `audience`. Times in ms."""

    type: str
    data: Mapping[str, Any]
    actor: str
    digest: bytes
    """Of the request, so that a repeat is told from another request with the same key."""
    recipients: Sequence[str] = ()
    audience: Audience | None = None
    dedupe_key: str | None = None
    priority: int | None = None
    not_before: int | None = None
    expires_at: int | None = None
    conversation_id: str | None = None
    seq: int | None = None


class Published(Struct, frozen=True):
    """The event's id, and the id of each recipient's notification in the order of the recipients."""

    event_id: str
    notifications: list[str]


class Progress(Struct, frozen=True, kw_only=True):
    """How far an event is: people planned for, and their deliveries by state."""

    event_id: str
    type: str
    state: EventState
    planned: int
    deliveries: dict[str, int]


class Publisher:
    """Publishes, inside the caller's transaction."""

    async def publish(self, tx: Tx, publication: Publication) -> Published:
        """Stores the event and hands it to the relay; with a known `dedupe_key` the first answer again.

        Raises IdempotencyConflict when the key was used for another event.
        """
        event_id = new_id()
        recipients = {user_id: new_id() for user_id in publication.recipients}
        state = _first_state(publication, tx.now)
        row = {
            "id": event_id,
            "type": publication.type,
            "dedupe_key": publication.dedupe_key,
            "digest": publication.digest,
            "actor": publication.actor,
            "data": _json(
                {
                    "data": publication.data,
                    "priority": publication.priority,
                    "of": publication.conversation_id,
                    "seq": publication.seq,
                }
            ),
            "notifications": _json(recipients),
            "audience": None if publication.audience is None else _json(publication.audience),
            "state": state,
            "planned": len(recipients) if state == "published" else 0,
            "not_before": publication.not_before or tx.now,
            "expires_at": publication.expires_at,
            "at": tx.now,
            "updated_at": tx.now,
        }
        stored = await notification_events.add(tx.connection, row)
        if stored is None:
            return await self._again(tx, publication)
        if state == "published":
            emit(tx, stored)
        return Published(event_id, list(recipients.values()))

    @staticmethod
    async def _again(tx: Tx, publication: Publication) -> Published:
        first = await notification_events.of_dedupe_key(tx.connection, publication.dedupe_key or "")
        if first is None or first.digest != publication.digest:
            raise IdempotencyConflict
        return Published(first.id, list(msgspec.json.decode(first.notifications).values()))

    async def progress(self, connection: Connection, event_id: str) -> Progress:
        """How far the event is. Raises EventNotFound."""
        row = await notification_events.get(connection, event_id)
        if row is None:
            raise EventNotFound
        deliveries = await notification_events.deliveries(connection, event_id)
        return Progress(
            event_id=row.id, type=row.type, state=row.state, planned=row.planned, deliveries=dict(deliveries)
        )

    async def cancel(self, tx: Tx, event_id: str) -> Progress:
        """Stops what of the event has not gone out yet; it stays so when the relay comes to it. EventNotFound."""
        if not await notification_events.cancel(tx.connection, event_id, at=tx.now):
            raise EventNotFound
        await cancelling.cancel_of_events(tx.connection, [event_id], reason="cancelled by the sender", at=tx.now)
        return await self.progress(tx.connection, event_id)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _first_state(publication: Publication, now: int) -> EventState:
    if publication.audience is not None:
        return "planning"
    return "scheduled" if publication.not_before is not None and publication.not_before > now else "published"


def emit(tx: Tx, row: Any) -> None:
    """Hands the event of a row to the relay."""
    what = msgspec.json.decode(row.data)
    people = list(msgspec.json.decode(row.notifications).items())
    for begin in range(0, len(people), RECIPIENTS_AT_ONCE):
        tx.emit(
            EventPublished(
                event_id=row.id,
                type=row.type,
                recipients=dict(people[begin : begin + RECIPIENTS_AT_ONCE]),
                data=what["data"],
                at=row.at,
                not_before=row.not_before,
                expires_at=row.expires_at,
                priority=what["priority"],
                conversation_id=what["of"],
                seq=what["seq"],
            )
        )
