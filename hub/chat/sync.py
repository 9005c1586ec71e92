"""Catching up: what changed after a `rev`, or a declared reset; never a silently partial answer."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from hub.chat import access, render
from hub.chat.conversations import views
from hub.clock import Clock
from hub.errors import ConversationNotFound, RequestInvalid
from hub.views import Change, Head, Snapshot, SyncResult
from persistence import conversations, members, messages
from persistence.engine import Connection
from persistence.uow import Database

PAGE = 200
"""Changes in one answer; `more` says that the next page should be asked for."""

MOST_BYTES = 500_000
"""Of one answer; a page of the longest messages would be megabytes."""

RESET_BEYOND = 1000
"""A client that is further behind than this gets a snapshot: less to send than the way there."""

SNAPSHOT_MESSAGES = 50


class Sync:
    """Answers clients that were away."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def all_changes(self, user_id: str, cursors: Sequence[tuple[str, int]]) -> list[SyncResult]:
        """The changes after each (conversation id, rev), within one budget of bytes for all.

        Raises RequestInvalid when a conversation is named twice, ConversationNotFound.
        """
        if len({conversation_id for conversation_id, _ in cursors}) < len(cursors):
            raise RequestInvalid({"field": "cursors", "reason": "a conversation is named twice"})
        left, results = MOST_BYTES, []
        for conversation_id, rev in cursors:
            result = await self.changes(user_id, conversation_id, rev, most_bytes=left)
            left = max(0, left - len(msgspec.json.encode(result)))
            results.append(result)
        return results

    async def changes(
        self, user_id: str, conversation_id: str, rev: int, *, most_bytes: int = MOST_BYTES
    ) -> SyncResult:
        """The entries of the log after `rev`, or a reset with a snapshot.

        At most PAGE entries and about `most_bytes`, but always one, so that whoever asks comes further.
        Raises ConversationNotFound when the user does not take part.
        """
        async with self._database.read() as connection:
            conversation = await conversations.get(connection, conversation_id)
            member = await members.get(connection, conversation_id, user_id)
            if conversation is None or member is None:
                raise ConversationNotFound
            behind = conversation.last_rev - rev
            if behind < 0 or behind > RESET_BEYOND:  # ahead of us: it remembers another database
                return await self._reset(connection, conversation, member)
            return await self._page(connection, conversation, rev, most_bytes)

    async def snapshot(self, user_id: str, conversation_id: str) -> Snapshot:
        """The conversation as the user sees it, with its last messages. Raises ConversationNotFound."""
        async with self._database.read() as connection:
            conversation = await conversations.get(connection, conversation_id)
            member = await members.get(connection, conversation_id, user_id)
            if conversation is None or member is None:
                raise ConversationNotFound
            return await self._snapshot(connection, conversation, member)

    async def may_ever_write(self, user_id: str, conversation_id: str) -> bool:
        """Whether the member's role lets them write while the conversation is open. Raises ConversationNotFound."""
        async with self._database.read() as connection:
            member = await members.get(connection, conversation_id, user_id)
        if member is None:
            raise ConversationNotFound
        return member.role not in access.READ_ONLY_ROLES

    async def _page(self, connection: Connection, conversation: Any, rev: int, most_bytes: int) -> SyncResult:
        entries = await messages.log_after(connection, conversation.id, rev, limit=PAGE)
        seqs = {entry.seq for entry in entries if entry.seq is not None}
        rows = await messages.by_seq(connection, conversation.id, seqs) if seqs else {}
        now = self._clock.now()
        changes = _within((Change(**render.change(entry, rows, conversation, now)) for entry in entries), most_bytes)
        return SyncResult(
            conversation_id=conversation.id,
            reset=False,
            changes=changes,
            head=Head(conversation.last_seq, conversation.last_rev),
            more=bool(changes) and changes[-1].rev < conversation.last_rev,
        )

    async def _reset(self, connection: Connection, conversation: Any, member: Any) -> SyncResult:
        return SyncResult(
            conversation_id=conversation.id,
            reset=True,
            changes=[],
            head=Head(conversation.last_seq, conversation.last_rev),
            more=False,
            snapshot=await self._snapshot(connection, conversation, member),
        )

    async def _snapshot(self, connection: Connection, conversation: Any, member: Any) -> Snapshot:
        rows = await messages.page(connection, conversation.id, limit=SNAPSHOT_MESSAGES)
        (view,) = await views(connection, [(conversation, member.role)], member.user_id, self._clock.now())
        reason = access.refusal_for(conversation, member.role, self._clock.now())
        return Snapshot(
            conversation=view,
            members=view.members,
            head=view.head,
            messages=[render.message(row, conversation.order_id) for row in rows],
            can_send=reason is None,
            reason=UNSET if reason is None else reason,
        )


def _within(changes: Iterable[Change], most_bytes: int) -> list[Change]:
    """The first of `changes` that fit, and at least one."""
    kept: list[Change] = []
    for change in changes:
        most_bytes -= len(msgspec.json.encode(change))
        if kept and most_bytes < 0:
            break
        kept.append(change)
    return kept
