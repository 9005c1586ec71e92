"""Catching up: what changed after a `rev`, or a declared reset; never a silently partial answer."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from hub.chat import access, render
from hub.chat.conversations import views
from hub.chat.names import names_in
from hub.chat.sharing import SharedReads
from hub.chat.standing import role_in, role_of
from hub.clock import Clock
from hub.errors import RequestInvalid
from hub.views import LIVE_KINDS, Change, Head, Snapshot, SyncResult
from persistence import conversations, messages
from persistence.engine import Connection
from persistence.uow import Database

PAGE = 200
"""Changes in one answer; `more` says that the next page should be asked for."""

MOST_BYTES = 500_000
"""Of one answer; a page of the longest messages would be megabytes."""

RESET_BEYOND = 1000
"""A client that is further behind than this gets a snapshot: less to send than the way there."""

SNAPSHOT_MESSAGES = 50

MOST_ROOMS = 20_000
"""Live rooms that are known as such without asking."""


class Standing(Struct, frozen=True):
    """What a person is in a conversation, and whether that is a live room."""

    role: str
    live: bool

    @property
    def types(self) -> bool:
        """Whether the others are shown that the person types; a room of thousands is shown nobody."""
        return not self.live and self.role not in access.READ_ONLY_ROLES


class _Position(Struct, frozen=True):
    """How far somebody holds a live room's log, and how long the answer may be."""

    conversation_id: str
    rev: int
    most_bytes: int


class Sync:
    """Answers clients that were away."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._live: OrderedDict[str, None] = OrderedDict()
        self._shared: SharedReads[_Position, SyncResult] = SharedReads(self._as_viewer)

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
        if conversation_id in self._live:
            result = await self._shared.get(_Position(conversation_id, rev, most_bytes))
            if not (isinstance(result.snapshot, Snapshot) and _is_member(result.snapshot, user_id)):
                return result  # the same for everybody, but for what hosts see in a snapshot
        async with self._database.read() as connection:
            conversation: Any = await conversations.get(connection, conversation_id)
            role = await role_in(connection, conversation, user_id)
            self._note(conversation)
            return await self._changes(connection, conversation, rev, most_bytes, role, user_id)

    async def _as_viewer(self, position: _Position) -> SyncResult:
        async with self._database.read() as connection:
            conversation: Any = await conversations.get(connection, position.conversation_id)
            role = role_of(conversation, None)
            return await self._changes(connection, conversation, position.rev, position.most_bytes, role, "")

    async def _changes(
        self, connection: Connection, conversation: Any, rev: int, most_bytes: int, role: str, user_id: str
    ) -> SyncResult:
        behind = conversation.last_rev - rev
        if behind < 0 or behind > RESET_BEYOND:  # ahead of us: it remembers another database
            return await self._reset(connection, conversation, role, user_id)
        if behind == 0:  # the usual answer when everybody is told to ask
            head = Head(conversation.last_seq, conversation.last_rev)
            return SyncResult(conversation_id=conversation.id, reset=False, changes=[], head=head, more=False)
        return await self._page(connection, conversation, rev, most_bytes)

    async def snapshot(self, user_id: str, conversation_id: str, *, limit: int = SNAPSHOT_MESSAGES) -> Snapshot:
        """The conversation as the user sees it, with its last messages. Raises ConversationNotFound."""
        async with self._database.read() as connection:
            conversation: Any = await conversations.get(connection, conversation_id)
            role = await role_in(connection, conversation, user_id)
            self._note(conversation)
            return await self._snapshot(connection, conversation, role, user_id, limit)

    async def viewer_snapshot(self, conversation_id: str, *, limit: int) -> Snapshot:
        """A live room as all its viewers see it. Raises ConversationNotFound for anything else."""
        async with self._database.read() as connection:
            conversation = await conversations.get(connection, conversation_id)
            role = role_of(conversation, None)
            self._note(conversation)
            return await self._snapshot(connection, conversation, role, "", limit)

    def is_known_live(self, conversation_id: str) -> bool:
        """Whether this is a live room that somebody here has seen; what a conversation is never changes."""
        return conversation_id in self._live

    def _note(self, conversation: Any) -> None:
        if conversation.kind in LIVE_KINDS:
            self._live[conversation.id] = None
            if len(self._live) > MOST_ROOMS:
                self._live.popitem(last=False)

    async def standing(self, user_id: str, conversation_id: str) -> Standing:
        """What the person is in the conversation. Raises ConversationNotFound.

        In a live room, to which thousands may come back at once, nobody is asked whether they host it.
        """
        if conversation_id in self._live:
            return Standing(access.VIEWER, live=True)
        async with self._database.read() as connection:
            conversation: Any = await conversations.get(connection, conversation_id)
            role = await role_in(connection, conversation, user_id)
            self._note(conversation)
        return Standing(role, live=conversation.kind in LIVE_KINDS)

    async def _page(self, connection: Connection, conversation: Any, rev: int, most_bytes: int) -> SyncResult:
        entries = await messages.log_after(connection, conversation.id, rev, limit=PAGE)
        seqs = {entry.seq for entry in entries if entry.seq is not None}
        rows = await messages.by_seq(connection, conversation.id, seqs) if seqs else {}
        names = await names_in(connection, conversation, rows.values())
        now = self._clock.now()
        rendered = (Change(**render.change(entry, rows, conversation, now, names)) for entry in entries)
        changes = _within(rendered, most_bytes)
        return SyncResult(
            conversation_id=conversation.id,
            reset=False,
            changes=changes,
            head=Head(conversation.last_seq, conversation.last_rev),
            more=bool(changes) and changes[-1].rev < conversation.last_rev,
        )

    async def _reset(self, connection: Connection, conversation: Any, role: str, user_id: str) -> SyncResult:
        return SyncResult(
            conversation_id=conversation.id,
            reset=True,
            changes=[],
            head=Head(conversation.last_seq, conversation.last_rev),
            more=False,
            snapshot=await self._snapshot(connection, conversation, role, user_id, SNAPSHOT_MESSAGES),
        )

    async def _snapshot(
        self, connection: Connection, conversation: Any, role: str, user_id: str, limit: int
    ) -> Snapshot:
        rows = await messages.page(connection, conversation.id, limit=limit)
        names = await names_in(connection, conversation, rows)
        (view,) = await views(connection, [(conversation, role)], user_id, self._clock.now())
        reason = access.refusal_for(conversation, role, self._clock.now())
        return Snapshot(
            conversation=view,
            members=view.members,
            head=view.head,
            messages=[render.message(row, conversation.order_id, names) for row in rows],
            can_send=reason is None,
            reason=UNSET if reason is None else reason,
        )


def _is_member(snapshot: Snapshot, user_id: str) -> bool:
    return any(member.user_id == user_id for member in snapshot.members)


def _within(changes: Iterable[Change], most_bytes: int) -> list[Change]:
    """The first of `changes` that fit, and at least one."""
    kept: list[Change] = []
    for change in changes:
        most_bytes -= len(msgspec.json.encode(change))
        if kept and most_bytes < 0:
            break
        kept.append(change)
    return kept
