"""Writes what became of deliveries, many at a time, and what follows from it."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from msgspec import Struct
from prometheus_client import Counter

from hub.channels.base import Accepted, Gone, Misconfigured, NotWanted, Outcome, Rejected, RetryLater, Unknown
from hub.notifications import ladder
from hub.notifications.batch import Leased
from hub.notifications.reports import apply_known
from persistence import delivering, provider_events
from persistence.notification_planning import Step, add_steps
from persistence.suppressions import address_hash
from persistence.uow import Tx

log = structlog.get_logger()
finished = Counter("hub_deliveries_total", "Deliveries by channel and how they ended", ["channel", "state"])

MOST_ATTEMPTS = 8
FIRST_BACKOFF_MS = 5_000
JITTER = 0.2
"""Part of the wait by which retries spread, so that they do not all come at once."""
UNSURE_MS = 45_000
"""A report usually comes within this; then a critical message whose answer got lost is asked about, or sent again."""
RETIRED_MS = {"email": 90 * 86_400_000, "sms": 90 * 86_400_000, "whatsapp": 15 * 86_400_000}
"""How long an address that a provider calls dead is left alone: people get old numbers and mailboxes back."""


class Attempt(Struct, frozen=True):
    """One attempt to hand a delivery over, and its outcome. `began_at` in ms."""

    leased: Leased
    channel: str
    provider: str
    outcome: Outcome
    began_at: int
    sent: bool
    """Whether the provider was called."""


async def record(tx: Tx, attempts: Sequence[Attempt]) -> list[None]:
    """Writes all of them; one answer for each, for the group commit."""
    written = [(attempt, _columns(attempt, tx.now)) for attempt in attempts if _counts(attempt)]
    if written:
        rows = [
            {"id": each.leased.row.id, "token": each.leased.token, "updated_at": tx.now, **values}
            for each, values in written
        ]
        mine = await delivering.record(tx.connection, rows)
        kept = [(attempt, values) for attempt, values in written if attempt.leased.row.id in mine]
        await _follow_up(tx, kept)
    return [None] * len(attempts)


def _counts(attempt: Attempt) -> bool:
    return not isinstance(attempt.outcome, NotWanted)


def _columns(attempt: Attempt, now: int) -> dict[str, Any]:
    row = attempt.leased.row
    values: dict[str, Any] = {
        "state": "accepted",
        "reason": None,
        "due_at": None,
        "provider": attempt.provider,
        "provider_id": None,
        "attempts": row.attempts + 1,
        "sent_at": now if attempt.sent else row.sent_at,
    }
    match attempt.outcome:
        case Accepted(provider_id, provider):
            values |= {"provider_id": provider_id, "provider": provider or attempt.provider}
        case RetryLater(reason, after, tried=tried):
            values |= {"sent_at": row.sent_at, **_again(attempt, reason, after, now, tried=tried)}
        case Misconfigured(reason):
            values |= {"sent_at": row.sent_at, **_again(attempt, reason, None, now)}
        case Rejected(reason) | Gone(reason):
            values |= {"state": "failed", "reason": reason[:200], "sent_at": row.sent_at}
        case Unknown(reason, provider):
            values |= {"state": "unknown", "reason": reason[:200], "provider": provider or attempt.provider}
            if attempt.leased.rule.critical and row.attempts + 1 < MOST_ATTEMPTS:
                # It keeps its place in the queue: when its time comes the provider is asked, then it is sent again.
                values |= {"state": "sending", "reason": f"unknown: {reason}"[:200], "due_at": now + UNSURE_MS}
    return values


def _again(attempt: Attempt, reason: str, after: float | None, now: int, *, tried: bool = True) -> dict[str, Any]:
    row, expires_at = attempt.leased.row, attempt.leased.notification.expires_at
    attempts = row.attempts + tried
    if attempts >= MOST_ATTEMPTS:
        return {"state": "dead", "reason": reason[:200]}
    backoff = FIRST_BACKOFF_MS * 2**row.attempts if after is None else int(after * 1000)
    due_at = now + backoff + int(backoff * JITTER * random.random())  # noqa: S311  (spreads retries)
    if expires_at is not None and due_at >= expires_at:
        return {"state": "expired", "reason": f"no time for another try: {reason}"[:200]}
    return {"state": "retry_wait", "reason": reason[:200], "due_at": due_at, "attempts": attempts}


async def _follow_up(tx: Tx, kept: Sequence[tuple[Attempt, Mapping[str, Any]]]) -> None:
    steps = []
    for attempt, values in kept:
        row = attempt.leased.row
        shown = "unknown" if isinstance(attempt.outcome, Unknown) else values["state"]
        began_at = attempt.began_at
        steps.append(Step(row.id, row.notification_id, tx.now, shown, values["reason"], values["provider"], began_at))
        finished.labels(attempt.channel, shown).inc()
    steps += await _share(tx, kept)
    await add_steps(tx.connection, steps)
    await _retire(tx, kept)
    lost = {attempt.leased.row.notification_id for attempt, values in kept if values["state"] in ladder.OVER}
    await ladder.pull_forward(tx, lost)
    await _meet_reports(tx, kept)


async def _meet_reports(tx: Tx, kept: Sequence[tuple[Attempt, Mapping[str, Any]]]) -> None:
    """A provider's report may have come before our own record."""
    reporting = {
        attempt.leased.row.id: values["provider_id"]
        for attempt, values in kept
        if values["provider"] in ladder.REPORTING
    }
    if not reporting:
        return
    names = [name for name in reporting.values() if name is not None]
    if await provider_events.about(tx.connection, list(reporting), names):
        await apply_known(tx, list(reporting))


async def _share(tx: Tx, kept: Sequence[tuple[Attempt, Mapping[str, Any]]]) -> list[Step]:
    """What waited in a digest shares its fate, once that is known."""
    fates = {
        attempt.leased.row.id: {key: values[key] for key in ("state", "reason", "provider", "provider_id")}
        | {"updated_at": tx.now}
        for attempt, values in kept
        if attempt.leased.children and values["state"] not in ("retry_wait", "sending")
    }
    shared = await delivering.follow(tx.connection, fates)
    return [Step(row.id, row.notification_id, tx.now, row.state, "in a digest") for row in shared]


async def _retire(tx: Tx, kept: Sequence[tuple[Attempt, Mapping[str, Any]]]) -> None:
    devices: dict[str, str] = {}
    addresses = []
    for attempt, _ in kept:
        if not isinstance(attempt.outcome, Gone):
            continue
        address = attempt.leased.address
        if address.endpoint_id:
            devices[address.endpoint_id] = attempt.outcome.reason[:200]
        else:
            addresses.append(
                {
                    "channel": attempt.channel,
                    "address_hash": address_hash(address.to),
                    "scope": "all",
                    "reason": "unreachable",
                    "created_at": tx.now,
                    "expires_at": tx.now + RETIRED_MS.get(attempt.channel, 0),
                }
            )
        log.info("endpoint.gone", channel=attempt.channel, reason=attempt.outcome.reason)
    await delivering.retire(tx.connection, devices, at=tx.now)
    await delivering.suppress(tx.connection, addresses)
