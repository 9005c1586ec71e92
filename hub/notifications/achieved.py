"""What a notification was after has happened: the person replied, or paid. Rungs that wait for that stop.

Only rules whose rungs ask for it cost anything.
"""

from collections.abc import Sequence

from hub.events import EventPublished, MessageSent
from hub.notifications.planner import group_key
from hub.notifications.rules import RULES, Success
from persistence import achieving
from persistence.uow import Tx


def _asking_for(success: Success) -> tuple[str, ...]:
    return tuple(kind for kind, rule in RULES.items() if any(rung.success == success for rung in rule.rungs))


class Achieved:
    """Notes successes that come from events."""

    def __init__(self) -> None:
        self._for_replies = _asking_for("replied")
        self._for_payments = _asking_for("paid")

    async def replied(self, tx: Tx, events: Sequence[MessageSent]) -> None:
        """DURABLE: who writes in a conversation has answered what was told of it."""
        if self._for_replies:
            pairs = {(event.conversation_id, event.sender_id) for event in events}
            await achieving.replied(tx.connection, self._for_replies, pairs, at=tx.now)

    async def paid(self, tx: Tx, events: Sequence[EventPublished]) -> None:
        """DURABLE: a settled payment for an order, known to its payer, is what reminders of it were after."""
        groups = {
            (user_id, group_key(kind, event.data["order_id"]))
            for event in events
            if event.type == "payment.settled" and "order_id" in event.data
            for user_id in event.recipients
            for kind in self._for_payments
        }
        if groups:
            await achieving.paid(tx.connection, groups, at=tx.now)
