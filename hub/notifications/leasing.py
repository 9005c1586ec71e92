"""Looks at deliveries that are due, once more with everything known now, and leases those that shall go.

All of it is one transaction. What comes out is either a lease, or a state with a reason that the trace shows.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import structlog

from hub.channels.base import Channel
from hub.ids import new_id
from hub.notifications import digest, unread
from hub.notifications.attention import Attention
from hub.notifications.batch import Batch, Leased, Verdict
from hub.notifications.ladder import OVER, pull_forward
from hub.notifications.reports import fates
from hub.notifications.rules import Rule
from hub.settings import Settings
from persistence import delivering
from persistence import notification_planning as rows
from persistence.notification_planning import Step
from persistence.uow import Tx

log = structlog.get_logger()

LEASE_MS = 30_000
"""Longer than any sender's own time-outs together, so that a lease runs out only when its worker is gone."""
LATER_MS = 300_000
"""What cannot be looked at, which is a fault of ours, is tried again after this."""


class Leaser:
    """Leases what is due on one channel."""

    def __init__(self, settings: Settings, attention: Attention) -> None:
        self._settings = settings
        self._attention = attention

    async def lease(self, tx: Tx, channel: Channel, *, limit: int, repeatable: bool) -> tuple[list[Leased], int]:
        """Those that shall go now, and how many were looked at."""
        due = await delivering.due(tx.connection, channel, now=tx.now, limit=limit)
        looked_at = len(due)
        if not repeatable:
            due = await self._without_lost(tx, channel, due)
        if not due:
            return [], looked_at
        batch = await Batch.load(tx, channel, due)
        batch.looking = await self._lookers(batch, due)
        going: list[Leased] = []
        stopped: list[tuple[Any, Verdict]] = []
        token = new_id()
        for row in due:
            verdict = self._look_safely(batch, row)
            if verdict is not None:
                stopped.append((row, verdict))
            else:
                going.append(batch.leased(row, token))
        stopped += [(row, Verdict("suppressed", why)) for row, why in batch.unwanted]
        await self._write(tx, batch, going, stopped, token, repeatable=repeatable)
        return going, looked_at

    async def _without_lost(self, tx: Tx, channel: Channel, due: Sequence[Any]) -> list[Any]:
        """The others than those of which nobody knows whether they are out, and which are not to be sent again.

        These end first, so that the others know what may have been told.
        """
        lost = [row for row in due if row.state == "sending"]
        if not lost:
            return list(due)
        batch = Batch(channel, tx.now)
        batch.notifications = await delivering.notifications(tx.connection, {row.notification_id for row in lost})
        told = await fates(tx, lost)
        ended: dict[str, Verdict] = {}
        for row in lost:
            if row.id in told:
                ended[row.id] = Verdict(*told[row.id])
            elif not batch.rule(row).critical:
                ended[row.id] = Verdict("unknown", "the worker died while the provider was being called")
        if ended:
            stopped = [(row, ended[row.id]) for row in lost if row.id in ended]
            await self._write(tx, batch, [], stopped, "", repeatable=False)
        return [row for row in due if row.id not in ended]

    async def _lookers(self, batch: Batch, due: Sequence[Any]) -> set[tuple[str, str]]:
        """(user, conversation) of those who look at what they would be told of; asked all at once."""
        alerts = [row for row in due if not batch.rule(row).critical]
        pairs = sorted({(row.user_id, each) for row in alerts for each in batch.conversations(row)})
        answers = await asyncio.gather(*(self._attention.is_looking(*pair) for pair in pairs))
        return {pair for pair, looks in zip(pairs, answers, strict=True) if looks}

    def _look_safely(self, batch: Batch, row: Any) -> Verdict | None:
        """One that cannot be looked at must not keep the others of its channel waiting."""
        try:
            return self._look(batch, row)
        except Exception as error:
            log.exception("delivery.not_looked_at", delivery_id=row.id)
            return Verdict("retry_wait", f"cannot be looked at: {type(error).__name__}", batch.now + LATER_MS)

    def _look(self, batch: Batch, row: Any) -> Verdict | None:
        notification, rule = batch.notifications[row.notification_id], batch.rule(row)
        if notification.expires_at is not None and notification.expires_at <= batch.now:
            return Verdict("expired", "too late to matter")
        return (
            batch.succeeded(row, notification, rule)
            or batch.was_read(row)
            or batch.refused(row, notification, rule)
            or self._nothing_new(batch, row)
            or batch.disturbs(row, rule)
            or batch.over_the_cap(row, rule)
            or batch.on_a_page(row, rule)
            or batch.behind_another(row)
        )

    def _nothing_new(self, batch: Batch, row: Any) -> Verdict | None:
        if batch.type(row) == digest.TYPE:
            return None if batch.news_of_digest(row) else Verdict("cancelled", "read")
        if batch.type(row) != unread.TYPE:
            return None
        found = batch.news.get((row.conversation_id, row.user_id))
        if found is None:
            return Verdict("cancelled", "read or told already")
        ripe = found.created_at + int(self._after(batch.rule(row), row) * 1000)
        return Verdict("planned", "a newer message has time", ripe) if ripe > batch.now else None

    def _after(self, rule: Rule, row: Any) -> float:
        rung = rule.rungs[row.rung]
        return rung.after if rung.setting is None else float(getattr(self._settings, rung.setting))

    async def _write(
        self,
        tx: Tx,
        batch: Batch,
        going: list[Leased],
        stopped: list[tuple[Any, Verdict]],
        token: str,
        *,
        repeatable: bool,
    ) -> None:
        if going:
            ids = [each.row.id for each in going]
            until = tx.now + LEASE_MS
            await delivering.lease(tx.connection, ids, token=token, until=until, now=tx.now, repeatable=repeatable)
        settled = [
            {"id": row.id, "state": each.state, "reason": each.reason, "due_at": each.due_at, "updated_at": tx.now}
            for row, each in stopped
        ]
        await delivering.settle(tx.connection, settled)
        steps = [
            Step(row.id, row.notification_id, tx.now, each.state, each.reason)
            for row, each in stopped
            if (row.state, row.reason) != (each.state, each.reason)
        ]
        await rows.add_steps(tx.connection, steps)
        shifts = {
            row.notification_id: (row.rung, each.due_at - tx.now)
            for row, each in stopped
            if each.state == "held" and each.due_at is not None
        }
        await delivering.later(tx.connection, shifts, now=tx.now)
        await pull_forward(tx, {row.notification_id for row, each in stopped if each.state in OVER})
        ended = [(row, each) for row, each in stopped if each.due_at is None]
        fates = {
            row.id: {"state": each.state, "reason": each.reason, "updated_at": tx.now}
            for row, each in ended
            if row.parent_id is None and batch.type(row) == digest.TYPE
        }
        await delivering.follow(tx.connection, fates)
        # What goes or has ended takes no further events in: they get notifications of their own.
        closing = {each.row.notification_id for each in going if each.notification.gathers}
        closing |= {child.notification_id for each in going for child in each.children}
        closing |= {row.notification_id for row, _ in ended}
        await delivering.close_gathering(tx.connection, sorted(closing))
