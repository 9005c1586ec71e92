"""Changing messages that exist: edit, delete, react; and reading pages of them.

Each change is an entry of the conversation's log, numbered under the conversation's lock. Repeating a change that
is already so changes nothing and logs nothing, so a client may safely try again.
"""

from collections.abc import Collection
from typing import Any

from hub.chat import access, render
from hub.chat.names import names_in
from hub.chat.standing import role_in
from hub.errors import (
    AccessDenied,
    MessageFixed,
    MessageNotFound,
    RequestInvalid,
)
from hub.events import MessageChanged
from hub.views import LIVE_KINDS, ChangeType, Message
from persistence import conversations, messages
from persistence.uow import Database, Tx

MOST_EMOJI = 20
"""Different reactions on one message; keeps the row and every frame that carries it small."""


class MessageChanges:
    """Edits, deletions and reactions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def edit(self, user_id: str, conversation_id: str, seq: int, body: str) -> Message:
        """The message with its new body. Only its sender may, while the conversation is open; no viewer may."""
        async with self._database.begin() as tx:
            conversation, row = await _for_change(tx, user_id, conversation_id, seq)
            if row.sender_id != user_id:
                raise AccessDenied({"reason": "only the sender can edit a message"})
            if row.body == body:
                return await _shown(tx, conversation, row)
            return await _change(tx, conversation, row, "message.updated", {"body": body, "edited_at": tx.now})

    async def delete(self, user_id: str, roles: Collection[str], conversation_id: str, seq: int) -> Message:
        """The message without its content; also after the window closed.

        Its sender may, staff who take part (in live rooms all do), and the hosts of a live room.
        """
        async with self._database.begin() as tx:
            conversation, role, row = await _find(tx, user_id, conversation_id, seq)
            hosts = conversation.kind in LIVE_KINDS and access.is_host(role)
            if row.sender_id != user_id and not hosts and not access.STAFF_ROLES.intersection(roles):
                raise AccessDenied({"reason": "only the sender or the platform's staff can delete a message"})
            if row.deleted_at is not None:
                return await _shown(tx, conversation, row)
            values = {"body": "", "body_state": "deleted", "reactions": {}, "deleted_at": tx.now}
            return await _change(tx, conversation, row, "message.deleted", values)

    async def react(self, user_id: str, conversation_id: str, seq: int, emoji: str, *, add: bool) -> Message:
        """The message with the user's reaction added or taken away."""
        async with self._database.begin() as tx:
            conversation, row = await _for_change(tx, user_id, conversation_id, seq)
            reactions = {each: list(users) for each, users in row.reactions.items()}
            users = reactions.setdefault(emoji, [])
            if (user_id in users) == add:
                return await _shown(tx, conversation, row)
            users.append(user_id) if add else users.remove(user_id)
            kept = {each: chosen for each, chosen in reactions.items() if chosen}
            if len(kept) > MOST_EMOJI:
                raise RequestInvalid({"field": "emoji", "reason": f"a message holds {MOST_EMOJI} different reactions"})
            return await _change(tx, conversation, row, "message.updated", {"reactions": kept})

    async def history(
        self, user_id: str, conversation_id: str, *, before_seq: int | None, limit: int
    ) -> tuple[list[Message], bool]:
        """Up to `limit` messages before `before_seq` (or the last ones), oldest first, and whether more exist."""
        async with self._database.read() as connection:
            conversation: Any = await conversations.get(connection, conversation_id)
            await role_in(connection, conversation, user_id)
            rows = await messages.page(connection, conversation_id, limit=limit, before_seq=before_seq)
            names = await names_in(connection, conversation, rows)
        return [render.message(row, conversation.order_id, names) for row in rows], bool(rows) and rows[0].seq > 1


async def _find(tx: Tx, user_id: str, conversation_id: str, seq: int) -> tuple[Any, str, Any]:
    """The locked conversation, the user's role in it and the message, if the user may see it."""
    conversation = (await conversations.lock(tx.connection, [conversation_id])).get(conversation_id)
    role = await role_in(tx.connection, conversation, user_id)
    row = await messages.get(tx.connection, conversation_id, seq)
    if row is None:
        raise MessageNotFound
    return conversation, role, row


async def _for_change(tx: Tx, user_id: str, conversation_id: str, seq: int) -> tuple[Any, Any]:
    conversation, role, row = await _find(tx, user_id, conversation_id, seq)
    refused = access.refusal(conversation, role, tx.now)
    if refused is not None:
        raise refused
    if role == access.VIEWER:  # an edit or a reaction is told to thousands and would pass by the slow mode
        raise AccessDenied({"reason": "viewers of a live room send and delete; hosts edit and react"})
    if row.deleted_at is not None:
        raise MessageFixed
    return conversation, row


async def _change(tx: Tx, conversation: Any, row: Any, change: ChangeType, values: dict[str, Any]) -> Message:
    rev = conversation.last_rev + 1
    await conversations.log_change(tx.connection, conversation.id, rev=rev, change=change, seq=row.seq, at=tx.now)
    await messages.change(tx.connection, conversation.id, row.seq, {"rev": rev, **values})
    changed = await messages.get(tx.connection, conversation.id, row.seq)
    message = await _shown(tx, conversation, changed)
    tx.emit(MessageChanged(change, rev, message))
    return message


async def _shown(tx: Tx, conversation: Any, row: Any) -> Message:
    return render.message(row, conversation.order_id, await names_in(tx.connection, conversation, [row]))
