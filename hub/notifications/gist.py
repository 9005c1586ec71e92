"""What a notification about unread messages says: it holds no content itself, so that is looked up when it is shown."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.notifications.unread import TYPE
from persistence import conversations, members, news
from persistence.engine import Connection

HIDDEN_KINDS = ("ppv",)
"""Messages whose text is not for notifications."""


async def of_conversations(connection: Connection, rows: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """Notification id -> {sender, count, first, title, order_id, conversation_id, seq}, of those about unread messages.

    `first` is the text of the first one; empty when it may not be shown, or when all of them were read.
    """
    about = {row.id: (row.conversation_id, row.user_id) for row in rows if row.type == TYPE and row.conversation_id}
    if not about:
        return {}
    unread = await news.of_pairs(connection, dict.fromkeys(about.values(), 0))
    read = {of for of, user_id in about.values() if (of, user_id) not in unread}
    known = await conversations.of_ids(connection, read) if read else {}
    people = await members.of_conversations(connection, read) if read else {}
    return {
        notification_id: of_news(unread[pair]) if pair in unread else _of_read(pair, known, people)
        for notification_id, pair in about.items()
    }


def of_news(row: Any) -> dict[str, Any]:
    """What a row of `persistence.news` says, without what is not for notifications."""
    shown = row.body_state == "clear" and row.kind not in HIDDEN_KINDS
    return {
        "sender": row.sender or row.sender_id,
        "count": row.count,
        "first": row.body if shown else "",
        "title": row.title or "",
        "order_id": row.order_id or "",
        "conversation_id": str(row.conversation_id),
        "seq": row.seq,
    }


def _of_read(pair: members.Pair, known: Mapping[str, Any], people: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    conversation_id, user_id = pair
    conversation = known.get(conversation_id)
    others = [each.display_name for each in people.get(conversation_id, ()) if each.user_id != user_id]
    return {
        "sender": others[0] if others else "",
        "count": 1,
        "first": "",
        "title": (conversation.title if conversation else None) or "",
        "order_id": (conversation.order_id if conversation else None) or "",
        "conversation_id": conversation_id,
    }
