"""Carries planned deliveries to their channel: lease, render, check once more, send, record.

States: planned -> leased -> sending -> accepted | retry_wait | failed | unknown | cancelled | suppressed.
`leased` means that nothing has reached a provider; a worker that dies there loses nothing. `sending` is written just
before the step that cannot be taken back; a worker that dies there leaves it unknown whether the message is out, and
a chat e-mail whose fate is unknown is not sent again (domain rules, 6) unless its sender is repeatable.
"""

import asyncio
from typing import Any

import structlog
from prometheus_client import Counter

from hub.channels.base import Accepted, Email, NotWanted, Outcome, Rejected, RetryLater, Sender, Unknown
from hub.ids import new_id
from hub.notifications.unread import Attention, Rendered, Unread
from persistence import deliveries
from persistence.uow import Database, Tx

log = structlog.get_logger()
finished = Counter("hub_deliveries_total", "Deliveries by channel and how they ended", ["channel", "state"])

BATCH = 20
"""Deliveries of one worker under way at once."""
LEASE_MS = 30_000
"""Longer than any sender's own time-outs together, so that a lease runs out only when its worker is gone."""
LOOK_AGAIN_MS = 5_000
"""Someone who is looking at the conversation is asked about again after this."""
MOST_ATTEMPTS = 8
FIRST_BACKOFF_MS = 5_000


class Deliverer:
    """Works on what is due."""

    def __init__(self, database: Database, unread: Unread, sender: Sender, attention: Attention) -> None:
        self._database = database
        self._unread = unread
        self._sender = sender
        self._attention = attention

    async def run_once(self) -> int:
        """Handles what is due now; how many deliveries it looked at."""
        async with self._database.begin() as tx:
            rows = await deliveries.due(tx.connection, now=tx.now, limit=BATCH)
            leased = [taken for row in rows if (taken := await self._lease(tx, row)) is not None]
        await asyncio.gather(*(self._deliver(row, token) for row, token in leased))
        return len(rows)

    async def _lease(self, tx: Tx, row: Any) -> tuple[Any, str] | None:
        if row.state == "sending" and not self._sender.repeatable:
            await self._finish(tx, row, "unknown", "the worker died while the provider was being called")
            return None
        if row.state not in deliveries.OPEN_STATES and await deliveries.has_open_twin(tx.connection, row):
            await self._finish(tx, row, "cancelled", "another one covers it")
            return None
        due_at = await self._unread.due_since(tx.connection, row)
        if due_at is None:
            await self._finish(tx, row, "cancelled", "read")
            return None
        if due_at > tx.now:
            await self._wait(tx, row, due_at)
            return None
        if await self._attention.is_looking(row.user_id, row.conversation_id):
            await self._wait(tx, row, tx.now + LOOK_AGAIN_MS)
            return None
        token = new_id()
        values = {"state": "leased", "lease_token": token, "lease_until": tx.now + LEASE_MS, "updated_at": tx.now}
        await deliveries.set_state(tx.connection, row.id, values)
        return row, token

    async def _wait(self, tx: Tx, row: Any, due_at: int) -> None:
        if await deliveries.has_open_twin(tx.connection, row):
            await self._finish(tx, row, "cancelled", "another one covers it")
            return
        state = row.state if row.state in deliveries.OPEN_STATES else "planned"
        values = {"state": state, "due_at": due_at, "lease_token": None, "updated_at": tx.now}
        await deliveries.set_state(tx.connection, row.id, values)

    async def _deliver(self, row: Any, token: str) -> None:
        async with self._database.read() as connection:
            rendered = await self._unread.render(connection, row)
        if rendered is None:
            async with self._database.begin() as tx:
                await self._finish(tx, row, "suppressed", "no address, or nothing to tell", token)
            return

        await self._record(row, token, rendered.email, await self._send(row, token, rendered))

    async def _send(self, row: Any, token: str, rendered: Rendered) -> Outcome:
        gone = False

        async def go() -> bool:
            nonlocal gone
            gone = await self._still_wanted(row, token, rendered.told_seq)
            return gone

        try:
            return await self._sender.send(rendered.email, go)
        except Exception as error:  # our database while `go` was asking, or a sender that breaks its promise
            log.exception("delivery.sender_failed", delivery_id=row.id, gone=gone)
            reason = type(error).__name__
            return Unknown(reason) if gone else RetryLater(reason)

    async def _still_wanted(self, row: Any, token: str, told_seq: int) -> bool:
        async with self._database.begin() as tx:
            if await self._unread.due_since(tx.connection, row) is None:
                await self._finish(tx, row, "cancelled", "read", token)
                return False
            values = {
                "state": "sending",
                "told_seq": told_seq,
                "lease_until": tx.now + LEASE_MS,
                "updated_at": tx.now,
            }
            return await deliveries.set_state(tx.connection, row.id, values, lease_token=token)

    async def _record(self, row: Any, token: str, message: Email, outcome: Outcome) -> None:
        async with self._database.begin() as tx:
            match outcome:
                case Accepted(provider_id):
                    await self._finish(tx, row, "accepted", None, token, provider_id=provider_id)
                case RetryLater(reason, after) if row.attempts + 1 < MOST_ATTEMPTS:
                    await self._retry(tx, row, token, reason, after)
                case RetryLater(reason, _) | Rejected(reason):
                    await self._finish(tx, row, "failed", reason, token)
                case Unknown(reason):
                    await self._finish(tx, row, "unknown", reason, token)
                case NotWanted():
                    pass  # `go` has recorded why
        log.info(
            "delivery.attempted",
            delivery_id=row.id,
            channel=self._sender.channel,
            outcome=type(outcome).__name__,
            reason=getattr(outcome, "reason", None),
            user_id=message.user_id,
        )

    async def _retry(self, tx: Tx, row: Any, token: str, reason: str, after: float | None) -> None:
        if await deliveries.has_open_twin(tx.connection, row):
            await self._finish(tx, row, "cancelled", f"another one covers it; this failed with {reason}", token)
            return
        backoff = FIRST_BACKOFF_MS * 2**row.attempts if after is None else int(after * 1000)
        values = {
            "state": "retry_wait",
            "reason": reason,
            "due_at": tx.now + backoff,
            "attempts": row.attempts + 1,
            "lease_token": None,
            "updated_at": tx.now,
        }
        await deliveries.set_state(tx.connection, row.id, values, lease_token=token)

    async def _finish(
        self, tx: Tx, row: Any, state: str, reason: str | None, token: str | None = None, provider_id: str | None = None
    ) -> None:
        values = {
            "state": state,
            "reason": reason,
            "provider_id": provider_id,
            "attempts": row.attempts + 1,
            "lease_token": None,
            "updated_at": tx.now,
        }
        if await deliveries.set_state(tx.connection, row.id, values, lease_token=token):
            finished.labels(row.channel, state).inc()
