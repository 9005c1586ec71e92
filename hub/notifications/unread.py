"""Unread messages: told when a message is sent, cancelled in the transaction that reads it.

A notification about a conversation holds no content and no message number. While nobody was alerted to it, further
messages join it. When one of its deliveries comes due, it looks at what is unread *then*.
"""

from collections.abc import Sequence

from hub.events import InboxChanged, MessageSent, ReceiptMoved
from hub.ids import new_id
from hub.notifications.planner import Planner, Wish
from persistence import cancelling, delivering, members
from persistence import notification_planning as rows
from persistence.uow import Tx

TYPE = "message.unread"


class Unread:
    """Plans and cancels what tells of unread messages."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    async def plan(self, tx: Tx, events: Sequence[MessageSent]) -> None:
        """DURABLE: one gathering notification for every member who has not read the message yet."""
        unread = await self._unread_by(tx, events)
        if not unread:
            return
        groups = {(user_id, f"conversation:{of}") for of, user_id in unread}
        gathering = await rows.gathering(tx.connection, groups)
        await self._planner.plan(
            tx,
            [
                _wish(event, user_id)
                for (of, user_id), event in unread.items()
                if (user_id, f"conversation:{of}") not in gathering
            ],
        )

    async def _unread_by(self, tx: Tx, events: Sequence[MessageSent]) -> dict[members.Pair, MessageSent]:
        """(conversation, user) -> the first of these messages that the user has not read."""
        people = await members.of_conversations(tx.connection, {event.conversation_id for event in events})
        # Whoever is just reading holds their row; after it, their mark and what they cancelled are known.
        marks = await members.of_pairs(
            tx.connection, [(of, each.user_id) for of, everyone in people.items() for each in everyone], lock=True
        )
        unread: dict[members.Pair, MessageSent] = {}
        for event in events:
            for member in people.get(event.conversation_id, []):
                pair = (event.conversation_id, member.user_id)
                if member.user_id != event.sender_id and marks[pair].read_seq < event.seq:
                    unread.setdefault(pair, event)
        return unread

    async def cancel(self, tx: Tx, events: Sequence[ReceiptMoved]) -> None:
        """WITHIN the transaction that moves the read watermark: nobody is told of what they have read."""
        read = {(each.conversation_id, each.user_id): each for each in events if each.read_moved and not each.live}
        if not read:
            return
        waiting = await cancelling.waiting_of_pairs(tx.connection, read)
        over = [row for row in waiting if _is_over(row.seq, read[row.conversation_id, row.user_id])]
        await cancelling.cancel(tx.connection, over, reason="read", at=tx.now)
        groups = {(user_id, f"conversation:{of}") for (of, user_id), each in read.items() if each.unread == 0}
        if groups:
            gathering = await rows.gathering(tx.connection, groups)
            await delivering.close_gathering(tx.connection, sorted(row.id for row in gathering.values()))
            changed = await cancelling.mark_read(tx.connection, groups, at=tx.now)
            for user_id in changed:
                tx.emit(InboxChanged(user_id))


def _is_over(seq: int | None, read: ReceiptMoved) -> bool:
    """Whether what waits is about a message that was read, or about all unread ones when there is none left."""
    return read.unread == 0 if seq is None else seq <= read.read_seq


def _wish(event: MessageSent, user_id: str) -> Wish:
    notification_id = new_id()
    return Wish(
        notification_id=notification_id,
        event_id=notification_id,
        user_id=user_id,
        type=TYPE,
        data={},
        at=event.at,
        conversation_id=event.conversation_id,
        seq=event.seq,
    )
