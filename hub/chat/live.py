"""Live rooms: announcements and event chats that anybody may follow. Their members are the hosts.

A viewer has no row anywhere, so a room costs the same for ten people and for ten thousand.
"""

from collections.abc import Collection

from hub.chat import access
from hub.chat.conversations import log_state
from hub.chat.sharing import SharedReads
from hub.chat.standing import role_in
from hub.chat.sync import Sync
from hub.errors import AccessDenied, ConversationNotFound, RequestInvalid
from hub.views import LIVE_KINDS, Snapshot
from persistence import conversations
from persistence.uow import Tx

LONGEST_SLOW_MODE_SECONDS = 21_600
"""Six hours, as on other platforms; turns are remembered for longer than that."""


class LiveRooms:
    """Shows live rooms, and slows them down."""

    def __init__(self, sync: Sync) -> None:
        self._sync = sync
        self._reads: SharedReads[tuple[str, int], Snapshot] = SharedReads(self._as_viewer)

    async def snapshot(self, user_id: str, conversation_id: str, *, limit: int) -> Snapshot:
        """The room with its last `limit` messages. Raises ConversationNotFound for all that is no live room."""
        shared = await self._reads.get((conversation_id, limit))
        if any(host.user_id == user_id for host in shared.members):
            return await self._sync.snapshot(user_id, conversation_id, limit=limit)
        return shared

    async def _as_viewer(self, key: tuple[str, int]) -> Snapshot:
        conversation_id, limit = key
        return await self._sync.viewer_snapshot(conversation_id, limit=limit)

    async def check_live(self, conversation_id: str) -> None:
        """Raises ConversationNotFound for all that is no live room."""
        if not self._sync.is_known_live(conversation_id):
            await self._sync.viewer_snapshot(conversation_id, limit=1)

    async def check_leads(self, tx: Tx, user_id: str, roles: Collection[str], conversation_id: str) -> None:
        """Raises AccessDenied unless the person hosts the room or is the platform's; ConversationNotFound."""
        row = await conversations.get(tx.connection, conversation_id)
        if row is None or row.kind not in LIVE_KINDS:
            raise ConversationNotFound
        if access.leads(await role_in(tx.connection, row, user_id), roles):
            return
        raise AccessDenied({"reason": "only hosts and the platform's staff do this"})

    async def set_slow_mode(
        self, tx: Tx, user_id: str, roles: Collection[str], conversation_id: str, seconds: int
    ) -> None:
        """How long a viewer waits between two messages; 0 is not at all. A no-op when it is so already.

        Raises ConversationNotFound, AccessDenied, and RequestInvalid in announcements, where viewers do not write.
        """
        await self.check_leads(tx, user_id, roles, conversation_id)
        row = (await conversations.lock(tx.connection, [conversation_id]))[conversation_id]
        if row.kind != "live":
            raise RequestInvalid({"field": "seconds", "reason": "in an announcement only hosts write"})
        if row.slow_mode_seconds != seconds:
            await conversations.set_state(tx.connection, conversation_id, {"slow_mode_seconds": seconds})
            await log_state(tx, row)
