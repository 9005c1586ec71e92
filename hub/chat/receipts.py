"""Receipts: per member, the highest message that reached them and the highest that they read. They only rise."""

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from hub.errors import ConversationNotFound, HubError, RequestInvalid
from hub.events import ReceiptMoved
from hub.views import LIVE_KINDS
from persistence import conversations, members, messages
from persistence.groupcommit import GroupCommit
from persistence.uow import Database, Tx

GATHER_SECONDS = 0.025
"""Nobody waits for the answer to a receipt, and the highest of several stands for all."""


class MoveReceipt(Struct, frozen=True):
    """A member's word that everything up to `seq` was delivered to, or read by, them."""

    conversation_id: str
    user_id: str
    seq: int
    what: Literal["delivered", "read"]

    @property
    def pair(self) -> members.Pair:
        """Whose watermarks these are."""
        return (self.conversation_id, self.user_id)


class Receipt(Struct, frozen=True):
    """Both watermarks after the move, and the server's count of what is still unread."""

    delivered_seq: int
    read_seq: int
    unread: int


class Receipts:
    """Moves watermarks, many at a time."""

    def __init__(self, database: Database) -> None:
        self._group: GroupCommit[MoveReceipt, Receipt] = GroupCommit(database, _move_all, gather_seconds=GATHER_SECONDS)

    async def move(self, wish: MoveReceipt) -> Receipt:
        """The watermarks after the commit. Raises ConversationNotFound; RequestInvalid for a message to come."""
        return await self._group.submit(wish)

    async def stop(self) -> None:
        """Commits and answers what was submitted, refuses the rest."""
        await self._group.stop()


async def _move_all(tx: Tx, wishes: Sequence[MoveReceipt]) -> list[Receipt | HubError]:
    rows = await members.of_pairs(tx.connection, {wish.pair for wish in wishes}, lock=True)
    before = {pair: (row.delivered_seq, row.read_seq) for pair, row in rows.items()}
    heads = await conversations.heads(tx.connection, sorted({pair[0] for pair in rows}))
    after = dict(before)
    for wish in wishes:
        if wish.pair in after and wish.seq <= heads[wish.conversation_id].last_seq:
            after[wish.pair] = _raised(after[wish.pair], wish)
    moved = {pair: marks for pair, marks in after.items() if marks != before[pair]}
    if moved:
        await members.set_watermarks(tx.connection, [(*pair, *marks) for pair, marks in sorted(moved.items())])
    unread = await messages.unread_of_pairs(tx.connection, rows) if rows else {}
    for pair, (delivered, read) in moved.items():
        conversation_id, user_id = pair
        rose = read > before[pair][1]
        live = heads[conversation_id].kind in LIVE_KINDS
        tx.emit(ReceiptMoved(conversation_id, user_id, delivered, read, unread[pair], read_moved=rose, live=live))
    return [_answer(wish, after, heads, unread) for wish in wishes]


def _raised(marks: tuple[int, int], wish: MoveReceipt) -> tuple[int, int]:
    delivered, read = marks
    read = max(read, wish.seq) if wish.what == "read" else read
    return max(delivered, wish.seq), read


def _answer(
    wish: MoveReceipt,
    after: dict[members.Pair, tuple[int, int]],
    heads: dict[str, Any],
    unread: dict[members.Pair, int],
) -> Receipt | HubError:
    if wish.pair not in after:
        return ConversationNotFound()
    if wish.seq > heads[wish.conversation_id].last_seq:
        return RequestInvalid({"field": "seq", "reason": "there is no such message yet"})
    return Receipt(*after[wish.pair], unread[wish.pair])
