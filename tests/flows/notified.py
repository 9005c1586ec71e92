"""What the stories of the inbox share: somebody is told of something."""

from typing import Any

from hub.events import InboxChanged
from hub.ids import new_id
from hub.notifications.rules import rule_for
from persistence import bulk
from persistence.notifications import notification
from tests.running import RunningHub


async def told(hub: RunningHub, user_id: str = "fan", kind: str = "order.placed", **columns: Any) -> str:
    """The id of a new entry in the person's inbox, of which their devices are told."""
    rule, notification_id = rule_for(kind), new_id()
    database = hub.hub.database
    async with database.begin() as tx:
        row = {
            "id": notification_id,
            "event_id": new_id(),
            "user_id": user_id,
            "type": kind,
            "role": "fan",
            "category": rule.category,
            "priority": rule.priority,
            "data": '{"order_id":"o-1"}',
            "inbox": True,
            "decisions": "[]",
            "created_at": tx.now,
            **columns,
        }
        await bulk.insert_many(tx.connection, notification, [row])
        tx.emit(InboxChanged(user_id, notification_id))
    return notification_id
