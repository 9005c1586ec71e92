"""Looks at dead letters and has them tried again."""

from typing import Literal
from uuid import UUID

import structlog
from msgspec import Struct

from hub.errors import DeadLetterNotFound
from persistence import dead
from persistence.uow import Database

log = structlog.get_logger()

MOST = 500
Kind = Literal["outbox", "delivery"]


class DeadEvent(Struct, frozen=True, kw_only=True):
    """An event whose reaction kept failing. Times are ms since the epoch."""

    id: int
    type: str
    attempts: int
    error: str | None
    at: int
    dead_at: int


class DeadDelivery(Struct, frozen=True, kw_only=True):
    """A delivery that came to nothing, or whose fate is unknown."""

    id: str
    notification_id: str
    user_id: str
    channel: str
    state: str
    reason: str | None
    provider: str | None
    attempts: int
    at: int


class DeadLetters:
    """Lists and replays."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def events(self, *, limit: int = MOST) -> list[DeadEvent]:
        """The latest to die first."""
        async with self._database.read() as connection:
            rows = await dead.events(connection, limit=limit)
        return [
            DeadEvent(
                id=row.id,
                type=row.type,
                attempts=row.attempts,
                error=row.last_error,
                at=row.at,
                dead_at=row.dead_at,
            )
            for row in rows
        ]

    async def deliveries(self, *, limit: int = MOST) -> list[DeadDelivery]:
        """Dead, failed and of unknown fate; the latest first."""
        async with self._database.read() as connection:
            rows = await dead.deliveries(connection, limit=limit)
        return [
            DeadDelivery(
                id=row.id,
                notification_id=row.notification_id,
                user_id=row.user_id,
                channel=row.channel,
                state=row.state,
                reason=row.reason,
                provider=row.provider,
                attempts=row.attempts,
                at=row.updated_at,
            )
            for row in rows
        ]

    async def replay(self, kind: Kind, id_: str, *, actor: str) -> None:
        """Has one tried again from the beginning, for `actor`, who stands in its trace. Raises DeadLetterNotFound."""
        async with self._database.begin() as tx:
            if kind == "outbox":
                found = id_.isascii() and id_.isdigit() and len(id_) < 19  # noqa: PLR2004  (what a bigint holds)
                found = found and await dead.replay_event(tx.connection, int(id_))
            else:
                found = _is_uuid(id_) and await dead.replay_delivery(tx.connection, id_, actor=actor, at=tx.now)
        if not found:
            raise DeadLetterNotFound({"kind": kind, "id": id_})
        (self._database.stored if kind == "outbox" else self._database.due).set()
        log.info("dead.replayed", kind=kind, id=id_, actor=actor)

    async def replay_all(self, kind: Kind, *, actor: str) -> int:
        """Has every dead one tried again, of deliveries only those in state `dead`; how many."""
        async with self._database.read() as connection:
            if kind == "outbox":
                ids = [str(row.id) for row in await dead.events(connection, limit=MOST)]
            else:
                ids = [row.id for row in await dead.deliveries(connection, limit=MOST, states=("dead",))]
        replayed = 0
        for each in ids:
            try:
                await self.replay(kind, each, actor=actor)
            except DeadLetterNotFound:
                continue  # somebody else was faster
            replayed += 1
        return replayed


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
