"""What providers report of deliveries: each fact is stored once, and the states follow from all of them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from prometheus_client import Counter

from hub.channels.base import Report
from hub.events import InboxChanged
from hub.notifications import ladder
from hub.notifications.cleaning import LONGEST_REASON, clean, row_of
from hub.notifications.fate import CAME_TO_NOTHING, WAITING, state_after
from hub.notifications.suppressing import suppress
from persistence import provider_events, reported
from persistence.engine import is_deadlock
from persistence.notification_planning import Step, add_steps
from persistence.uow import Database, Tx

reports_taken = Counter("hub_provider_reports_total", "Reports of providers", ["provider", "kind", "new"])

ENGAGED = frozenset({"seen", "clicked"})
SENT = frozenset({"accepted", "delivered", "unknown"})
TRIES = 3


class Reports:
    """Takes reports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, reports: Sequence[Report]) -> int:
        """Stores them and what follows from them; how many were new. All or nothing, and again without harm."""
        wanted = [kept for report in reports if (kept := clean(report)) is not None]
        for attempt in range(TRIES):
            try:
                return await self._take(wanted) if wanted else 0
            except Exception as error:
                if not is_deadlock(error) or attempt == TRIES - 1:
                    raise
        return 0

    async def _take(self, reports: Sequence[Report]) -> int:
        async with self._database.begin() as tx:
            keys = await provider_events.add(tx.connection, [row_of(report, tx.now) for report in reports])
            new = list({(each.provider, each.external_id): each for each in reversed(reports)}.values())
            new = [each for each in new if (each.provider, each.external_id) in keys]
            ids = await _concerned(tx, new)
            rows = await reported.lock(tx.connection, ids) if ids else []
            climbs = await _settle(tx, rows)
            await suppress(tx, new, rows)
        if climbs:
            self._database.due.set()
        for each in reports:
            reports_taken.labels(each.provider, each.kind, str((each.provider, each.external_id) in keys).lower()).inc()
        return len(new)


async def apply_known(tx: Tx, delivery_ids: Collection[str]) -> None:
    """Settles deliveries by the facts that came before our own record of them.

    To be called after that record, in its transaction: then a report that comes at the same time either sees the
    record, or is seen here.
    """
    if delivery_ids:
        await _settle(tx, await reported.lock(tx.connection, delivery_ids))


async def fates(tx: Tx, rows: Sequence[Any]) -> dict[str, tuple[str, str]]:
    """Delivery id -> (state, why) of those deliveries of unknown fate of which a provider has told what became."""
    facts = await _facts(tx, rows)
    found = {key: state_after("unknown", {fact.kind for fact in told}) for key, told in facts.items()}
    return {
        key: (state, _reason(facts[key], state)[:LONGEST_REASON]) for key, state in found.items() if state != "unknown"
    }


async def _concerned(tx: Tx, reports: Sequence[Report]) -> set[str]:
    named = {report.delivery_id for report in reports if report.delivery_id is not None}
    others = {each.provider_id for each in reports if each.delivery_id is None and each.provider_id is not None}
    return named | (await provider_events.ids_of(tx.connection, others) if others else set())


async def _settle(tx: Tx, rows: Sequence[Any]) -> bool:
    """Brings locked deliveries to the state that all facts about them give; whether other deliveries may be due now."""
    facts = await _facts(tx, rows)
    if not facts:
        return False
    changed = {row.id: state for row in rows if (state := _state(row, facts.get(row.id, ()))) != row.state}
    why = {row.id: _reason(facts[row.id], changed[row.id]) for row in rows if row.id in changed}
    moved = [row for row in rows if row.id in changed]
    if moved:
        await _write(tx, moved, changed, why)
        await _write_children(tx, moved, changed)
    await _see(tx, rows, facts)
    lost = {row.notification_id for row in moved if changed[row.id] in CAME_TO_NOTHING}
    await ladder.pull_forward(tx, lost)
    return bool(lost)


async def _facts(tx: Tx, rows: Sequence[Any]) -> dict[str, list[Any]]:
    """Delivery id -> what is known of the attempt that its record speaks of."""
    if not rows:
        return {}
    by_id = {row.id: row for row in rows}
    of_provider: dict[str, list[Any]] = {}  # a digest and what it told have one
    for row in rows:
        if row.provider_id is not None:
            of_provider.setdefault(row.provider_id, []).append(row)
    found: dict[str, list[Any]] = {}
    for fact in await provider_events.about(tx.connection, list(by_id), list(of_provider)):
        named = by_id.get(fact.delivery_id or "")
        for row in of_provider.get(fact.provider_id, []) if named is None else [named]:
            if _same_attempt(row.provider_id, fact.provider_id):
                found.setdefault(row.id, []).append(fact)
    return found


def _same_attempt(recorded: str | None, told: str | None) -> bool:
    """Whether a fact is about the message that was recorded: an operator may have had it sent again since.

    SendGrid's events name a message by the id that it answered with and more behind it.
    """
    return recorded is None or told is None or told.startswith(recorded) or recorded.startswith(told)


def _state(row: Any, facts: Iterable[Any]) -> str:
    return state_after(row.state, {fact.kind for fact in facts})


def _reason(facts: Sequence[Any], state: str) -> str:
    """The provider's words for the fact that decided."""
    deciding = [fact for fact in facts if state_after("unknown", {fact.kind}) == state]
    words = next((fact.reason for fact in deciding if fact.reason), None)
    return words or f"reported by {deciding[0].provider}" if deciding else ""


async def _write(tx: Tx, rows: Sequence[Any], states: Mapping[str, str], why: Mapping[str, str]) -> None:
    await reported.settle(
        tx.connection,
        [
            {
                "id": row.id,
                "state": states[row.id],
                "reason": why[row.id][:LONGEST_REASON] or None,
                "lease_token": None,
                "sent_at": row.sent_at if states[row.id] == "failed" else row.sent_at or tx.now,
                "updated_at": tx.now,
            }
            for row in rows
        ],
    )
    await add_steps(
        tx.connection,
        [
            Step(
                row.id, row.notification_id, tx.now, states[row.id], why[row.id][:LONGEST_REASON] or None, row.provider
            )
            for row in rows
        ],
    )


async def _write_children(tx: Tx, carriers: Sequence[Any], states: Mapping[str, str]) -> None:
    """What went out in a digest has the digest's fate."""
    told = await reported.children(tx.connection, [row.id for row in carriers])
    sent = [row for row in told if row.state in SENT and row.state != states[row.parent_id]]
    if sent:
        after = {row.id: states[row.parent_id] for row in sent}
        await _write(tx, sent, after, dict.fromkeys(after, "its digest's fate"))


async def _see(tx: Tx, rows: Sequence[Any], facts: Mapping[str, Sequence[Any]]) -> None:
    """Who opened or clicked has seen the notification, and those that a digest told."""
    at = {
        row.id: min(opened)
        for row in rows
        if (opened := [min(fact.at, tx.now) for fact in facts.get(row.id, ()) if fact.kind in ENGAGED])
    }
    if not at:
        return
    told = await reported.children(tx.connection, list(at))
    times = {row.notification_id: at[row.id] for row in rows if row.id in at}
    times |= {row.notification_id: at[row.parent_id] for row in told if row.state not in WAITING}
    for user_id in sorted(await reported.see(tx.connection, times)):
        tx.emit(InboxChanged(user_id))
