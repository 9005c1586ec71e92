"""Conversations: creating, listing, opening and closing their access windows."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from hub.chat import render
from hub.chat.access import closed_reason
from hub.chat.standing import role_in
from hub.clock import Clock
from hub.errors import ConversationClosed, ConversationNotFound, RequestInvalid, UserNotFound
from hub.events import ConversationChanged, ConversationCreated
from hub.ids import new_id
from hub.views import Conversation, Kind, MemberRole
from persistence import conversations, members, messages
from persistence import users as user_rows
from persistence.engine import Connection
from persistence.uow import Database, Tx

MOST_MEMBERS = 50


class NewMember(Struct, frozen=True, forbid_unknown_fields=True):
    """Someone who takes part from the start."""

    user_id: str
    role: MemberRole


class NewConversation(Struct, frozen=True, kw_only=True):
    """What a new conversation is made of. Times in ms since the epoch."""

    kind: Kind
    members: Sequence[NewMember]
    order_id: str | None = None
    title: str | None = None
    opens_at: int | None = None
    closes_at: int | None = None
    slow_mode_seconds: int = 0


class Conversations:
    """Creates, lists, opens and closes conversations."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def create(self, tx: Tx, new: NewConversation, *, created_by: str) -> str:
        """The id of a new conversation, in the caller's transaction. Raises UserNotFound, RequestInvalid."""
        ids = [member.user_id for member in new.members]
        _check(new, ids)
        unknown = set(ids) - await user_rows.known(tx.connection, ids)
        if unknown:
            raise UserNotFound({"user_ids": sorted(unknown)})
        conversation_id = new_id()
        await conversations.add(
            tx.connection,
            {
                "id": conversation_id,
                "kind": new.kind,
                "order_id": new.order_id,
                "title": new.title,
                "state": "open",
                "opens_at": new.opens_at,
                "closes_at": new.closes_at,
                "begin_told": new.opens_at is None or new.opens_at <= tx.now,
                "slow_mode_seconds": new.slow_mode_seconds,
                "created_by": created_by,
                "created_at": tx.now,
                "updated_at": tx.now,
            },
        )
        await members.add(
            tx.connection,
            [
                {"conversation_id": conversation_id, "user_id": each.user_id, "role": each.role, "joined_at": tx.now}
                for each in new.members
            ],
        )
        tx.emit(ConversationCreated(conversation_id, ids))
        return conversation_id

    async def list_of(
        self, user_id: str, *, limit: int, before: tuple[int, str] | None, state: str | None
    ) -> tuple[list[Conversation], tuple[int, str] | None]:
        """The user's conversations, newest activity first, and where the next page begins."""
        async with self._database.read() as connection:
            rows = await conversations.of_member(
                connection, user_id, limit=limit + 1, now=self._clock.now(), before=before, state=state
            )
            page = rows[:limit]
            shown = await views(connection, [(row, row.member_role) for row in page], user_id, self._clock.now())
        following = (page[-1].updated_at, page[-1].id) if len(rows) > limit else None
        return shown, following

    async def view(self, connection: Connection, conversation_id: str, user_id: str) -> Conversation:
        """One conversation as the member, or the viewer of a live room, sees it. Raises ConversationNotFound."""
        row = await conversations.get(connection, conversation_id)
        role = await role_in(connection, row, user_id)
        (view,) = await views(connection, [(row, role)], user_id, self._clock.now())
        return view

    async def operator_view(self, connection: Connection, conversation_id: str) -> Conversation:
        """One conversation as the platform sees it, which takes no part in it. Raises ConversationNotFound."""
        row = await conversations.get(connection, conversation_id)
        if row is None:
            raise ConversationNotFound
        (view,) = await views(connection, [(row, "observer")], "", self._clock.now())
        return view

    async def check_open(self, conversation_id: str) -> None:
        """Raises ConversationClosed when nobody may write now, ConversationNotFound when there is no such thing."""
        async with self._database.read_one() as connection:
            row = await conversations.get(connection, conversation_id)
        if row is None:
            raise ConversationNotFound
        reason = closed_reason(row, self._clock.now())
        if reason is not None:
            raise ConversationClosed({"reason": reason})

    async def set_window(
        self, tx: Tx, conversation_id: str, *, state: str, reason: str | None, closes_at: int | None
    ) -> None:
        """Opens or closes the conversation for writing; a no-op when it is so already."""
        row = (await conversations.lock(tx.connection, [conversation_id])).get(conversation_id)
        if row is None:
            raise ConversationNotFound
        wanted: dict[str, Any] = {"state": state, "reason": reason, "closes_at": closes_at}
        if state == "open" and row.opens_at is not None and row.opens_at > tx.now:
            wanted["opens_at"] = None  # opening means now
        if all(getattr(row, key) == value for key, value in wanted.items()):
            return
        await conversations.set_state(tx.connection, conversation_id, wanted)
        await log_state(tx, row)

    async def keep_windows(self, *, limit: int = 100) -> int:
        """Opens and closes conversations whose time has come, so that everybody is told; how many there were."""
        async with self._database.begin() as tx:
            ids = {
                *await conversations.begun(tx.connection, now=tx.now, limit=limit),
                *await conversations.past_their_time(tx.connection, now=tx.now, limit=limit),
            }
            rows = await conversations.lock(tx.connection, ids) if ids else {}
            for row in rows.values():
                wanted = _by_the_clock(row, tx.now)
                if wanted:
                    await conversations.set_state(tx.connection, row.id, wanted)
                    await log_state(tx, row)
        return len(rows)


def _by_the_clock(row: Any, now: int) -> dict[str, Any]:
    """The state columns that a locked row should have now and has not."""
    if row.state != "open":
        return {}
    if closed_reason(row, now) == "expired":
        return {"state": "closed", "reason": "expired"}
    if not row.begin_told and row.opens_at is not None and row.opens_at <= now:
        return {"begin_told": True}
    return {}


async def log_state(tx: Tx, row: Any) -> None:
    """Logs that this locked conversation's state was changed, and tells everybody."""
    rev = row.last_rev + 1
    await conversations.log_change(tx.connection, row.id, rev=rev, change="conversation.updated", seq=None, at=tx.now)
    changed = await conversations.get(tx.connection, row.id)
    tx.emit(ConversationChanged(rev, render.state(changed, tx.now)))


def _check(new: NewConversation, ids: list[str]) -> None:
    if new.slow_mode_seconds and new.kind != "live":
        raise RequestInvalid({"field": "slow_mode_seconds", "reason": "only live rooms have a slow mode"})
    if not ids or len(ids) > MOST_MEMBERS:
        raise RequestInvalid({"field": "members", "reason": f"a conversation has 1 to {MOST_MEMBERS} members"})
    if len(set(ids)) != len(ids):
        raise RequestInvalid({"field": "members", "reason": "a user is named twice"})
    if new.opens_at is not None and new.closes_at is not None and new.closes_at <= new.opens_at:
        raise RequestInvalid({"field": "closes_at", "reason": "the window ends before it begins"})


async def views(connection: Connection, rows: Sequence[tuple[Any, str]], user_id: str, now: int) -> list[Conversation]:
    """Conversation rows with the viewer's role in each, rendered with four statements whatever their number."""
    if not rows:
        return []
    ids = [row.id for row, _ in rows]
    everyone = await members.of_conversations(connection, ids)
    unread = await messages.unread_of_pairs(connection, [(each, user_id) for each in ids])
    lasts = await messages.lasts(connection, [(row.id, row.last_seq) for row, _ in rows])
    return [
        render.conversation(
            row,
            viewer_role=role,
            members=everyone.get(row.id, []),
            unread=unread.get((row.id, user_id), 0),
            last_message=lasts.get(row.id),
            now=now,
        )
        for row, role in rows
    ]
