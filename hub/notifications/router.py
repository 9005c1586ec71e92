"""The router: published events become wishes to tell people, which the planner plans."""

from collections.abc import Sequence

from hub.events import EventPublished
from hub.notifications.planner import Planner, Wish
from persistence import notification_events
from persistence.uow import Tx


class Router:
    """Tells the planner what was published."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    async def plan(self, tx: Tx, events: Sequence[EventPublished]) -> None:
        """DURABLE: everybody who is named is planned for, once for each event."""
        cancelled = await notification_events.cancelled(tx.connection, {event.event_id for event in events})
        wanted = [event for event in events if event.event_id not in cancelled]
        await self._planner.plan(tx, [wish for event in wanted for wish in wishes(event)])


def wishes(event: EventPublished) -> list[Wish]:
    """A wish for each recipient."""
    return [
        Wish(
            notification_id=notification_id,
            event_id=event.event_id,
            user_id=user_id,
            type=event.type,
            data=event.data,
            at=event.at,
            not_before=event.not_before,
            expires_at=event.expires_at,
            priority=event.priority,
            conversation_id=event.conversation_id,
            seq=event.seq,
        )
        for user_id, notification_id in event.recipients.items()
    ]
