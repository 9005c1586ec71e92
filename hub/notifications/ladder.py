"""Escalation: whether an earlier rung had the success that makes a later one needless, and what climbs at once."""

from collections.abc import Collection, Sequence
from typing import Any

from hub.notifications.rules import Rule, Success, rule_for
from persistence import delivering
from persistence.notification_planning import Step, add_steps
from persistence.uow import Tx

REPORTING = frozenset({"sendgrid", "twilio", "whatsapp"})
"""Providers that tell what became of a message; of the others, accepting it is the last that is heard."""
LEVELS: tuple[Success, ...] = ("accepted", "delivered", "seen", "read", "replied", "paid")
"""Each is better than the ones before it."""
OVER = ("failed", "dead", "suppressed", "bounced", "complained", "expired")
"""States in which a rung has come to nothing."""


def success(notification: Any, earlier: Sequence[Any], wanted: Success) -> str | None:
    """How the person was reached as well as was wanted, or better, in a word; None when they were not."""
    enough = LEVELS[LEVELS.index(wanted) :]
    for name in ("paid", "replied", "read", "seen"):
        if name in enough and getattr(notification, f"{name}_at") is not None:
            return name
    if "delivered" not in enough:
        return None
    for row in earlier:
        if row.channel == "in_app":
            continue
        if row.state == "delivered" or (row.state == "accepted" and _enough(row, wanted)):
            return f"{row.state} by {row.channel}"
    return None


def _enough(row: Any, wanted: Success) -> bool:
    return wanted == "accepted" or row.provider not in REPORTING


async def pull_forward(tx: Tx, notification_ids: Collection[str]) -> None:
    """When the rungs so far came to nothing, the next one does not wait for its time."""
    if not notification_ids:
        return
    notifications = await delivering.notifications(tx.connection, sorted(notification_ids))
    climbing: list[Any] = []
    for key, rows in (await delivering.rungs(tx.connection, sorted(notification_ids))).items():
        climbing += _next(rule_for(notifications[key].type), rows, tx.now)
    await delivering.pull_forward(tx.connection, [row.id for row in climbing], now=tx.now)
    await add_steps(
        tx.connection,
        [Step(row.id, row.notification_id, tx.now, row.state, "the rung before it failed") for row in climbing],
    )


def _next(rule: Rule, rows: Sequence[Any], now: int) -> list[Any]:
    """The deliveries of the first rung that waits, if nothing of an earlier rung can still reach the person."""
    for row in rows:
        if row.channel == "in_app" or row.state in (*OVER, "cancelled"):
            continue
        waits = row.state == "planned" and row.due_at is not None and row.due_at > now
        if not waits or row.rung >= len(rule.rungs) or not rule.rungs[row.rung].fallback:
            return []
        return [each for each in rows if each.rung == row.rung and each.state == "planned"]
    return []
