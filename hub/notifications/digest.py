"""Digests: what waits for one person on one channel goes out together.

A digest is a notification of its own with one delivery, its carrier. While it gathers there is at most one for each
person and channel: a unique row says so, not a lock. What waits in it are deliveries of other notifications, held with
the carrier as their parent; reading cancels them one by one, and a carrier that carries nothing is cancelled.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.ids import new_id
from hub.notifications.rules import NORMAL
from persistence import notification_planning as rows
from persistence.uow import Tx

TYPE = "message.digest"
TRIES = 3


class Digests:
    """Finds or opens the digests that deliveries wait for."""

    async def join(self, tx: Tx, waiting: Sequence[dict[str, Any]], due_at: Mapping[str, int]) -> None:
        """Sets the parent of each waiting delivery's row. `due_at`: delivery id -> when (ms) it would go by itself.

        A digest goes out when the first that opened it is due; what comes later goes with it.
        """
        if not waiting:
            return
        flush: dict[rows.Group, int] = {}
        for row in waiting:
            group = (row["user_id"], f"digest:{row['channel']}")
            flush[group] = min(due_at[row["id"]], flush.get(group, due_at[row["id"]]))
        carriers: dict[rows.Group, str] = {}
        for _ in range(TRIES):
            missing = {group: at for group, at in flush.items() if group not in carriers}
            if not missing:
                break
            await self._open(tx, missing)
            # Held until this transaction ends, so that none is closed while we put something in.
            found = await rows.gathering(tx.connection, missing)
            by_id = await rows.carriers(tx.connection, [row.id for row in found.values()])
            carriers |= {group: by_id[row.id] for group, row in found.items()}
        for row in waiting:
            row["parent_id"] = carriers[row["user_id"], f"digest:{row['channel']}"]

    @staticmethod
    async def _open(tx: Tx, missing: Mapping[rows.Group, int]) -> None:
        known = await rows.gathering(tx.connection, missing)
        fresh = {group: at for group, at in missing.items() if group not in known}
        if not fresh:
            return
        made = {group: _notification(tx.now, *group) for group in fresh}
        new = await rows.add(tx.connection, list(made.values()))
        await rows.add_deliveries(
            tx.connection,
            [_delivery(row, group, fresh[group], tx.now) for group, row in made.items() if row["id"] in new],
        )


def _notification(now: int, user_id: str, group_key: str) -> dict[str, Any]:
    return {
        "id": new_id(),
        "event_id": new_id(),
        "user_id": user_id,
        "type": TYPE,
        "role": "",
        "category": "messages",
        "priority": NORMAL,
        "data": "{}",
        "conversation_id": None,
        "seq": None,
        "group_key": group_key,
        "gathers": True,
        "inbox": False,
        "decisions": "[]",
        "created_at": now,
        "expires_at": None,
    }


def _delivery(row: Mapping[str, Any], group: rows.Group, flush_at: int, now: int) -> dict[str, Any]:
    return {
        "id": new_id(),
        "notification_id": row["id"],
        "rung": 0,
        "channel": group[1].partition(":")[2],
        "endpoint_id": "",
        "user_id": row["user_id"],
        "conversation_id": None,
        "seq": None,
        "priority": NORMAL,
        "state": "held",
        "reason": "digest",
        "due_at": flush_at,
        "parent_id": None,
        "created_at": now,
        "updated_at": now,
    }
