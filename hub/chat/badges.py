"""What a conversation list shows of conversations that changed: unread counts and last messages, for many at once."""

from collections.abc import Collection, Sequence

from msgspec import Struct

from hub.chat import render
from hub.views import Message
from persistence import conversations, messages
from persistence.uow import Database


class Badge(Struct, frozen=True):
    """News of one conversation for one member."""

    conversation_id: str
    user_id: str
    rev: int
    unread: int
    last_message: Message | None


class BadgeQueries:
    """Reads badges."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def member_ids(self, conversation_id: str) -> Sequence[str]:
        """Whose lists show news of a conversation: its members, but nobody where thousands write."""
        async with self._database.read_one() as connection:
            return await conversations.listed_by(connection, conversation_id)

    async def of_pairs(self, pairs: Collection[tuple[str, str]]) -> list[Badge]:
        """The badge of each (conversation, user) pair that is a membership, with three statements."""
        async with self._database.read() as connection:
            unread = await messages.unread_of_pairs(connection, pairs)
            rows = await conversations.of_ids(connection, {of for of, _ in unread})
            lasts = await messages.lasts(connection, [(row.id, row.last_seq) for row in rows.values()])
        return [
            Badge(of, user_id, rows[of].last_rev, count, _last(lasts.get(of), rows[of].order_id))
            for (of, user_id), count in unread.items()
        ]


def _last(row: object, order_id: str | None) -> Message | None:
    return None if row is None else render.message(row, order_id)
