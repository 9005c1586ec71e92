"""Keeps the conversation lists of connected people current: what changed is gathered for a moment, then asked once."""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable, Sequence

import structlog
from msgspec import UNSET

from hub.chat.badges import BadgeQueries
from hub.gateway.bus import Bus, Touch
from hub.gateway.fanout import Fanout
from hub.gateway.rooms import user_room
from hub.gateway.wire import ConversationUpdated
from persistence.engine import database_is_away

log = structlog.get_logger()

ANNOUNCE_SECONDS = 0.05
"""Changes of one conversation within this are told to the other nodes once."""
GATHER_SECONDS = 0.15
"""People do not notice a badge that is this late; the database notices one query for many of them."""
MUCH = 50
REST_SECONDS = 2.0
"""Nobody sees whether 74 or 75 are unread: beyond MUCH a count is made anew this seldom."""
MOST_REMEMBERED = 20_000
AT_ONCE = 500
"""Pairs in one query."""

Emit = Callable[[str, ConversationUpdated], None]


class Badges:
    """Gathers (conversation, user) pairs that changed and tells each connected person the server's own count."""

    def __init__(self, queries: BadgeQueries, fanout: Fanout, bus: Bus) -> None:
        self._queries = queries
        self._fanout = fanout
        self._members: OrderedDict[str, Sequence[str]] = OrderedDict()
        self._announced: set[tuple[str, str]] = set()
        self._learning: set[asyncio.Task[None]] = set()
        self._touched: set[tuple[str, str]] = set()
        self._resting: dict[tuple[str, str], float] = {}
        self._stopping = False
        self._flushing: asyncio.Task[None] | None = None
        self._bus = bus
        self.emit: Emit | None = None

    def touch(self, conversation_id: str, user_id: str) -> None:
        """Marks the pair on every node where the person is connected; once for what happens within a moment."""
        if not self._announced:
            asyncio.get_running_loop().call_later(ANNOUNCE_SECONDS, self._announce)
        self._announced.add((conversation_id, user_id))

    def _announce(self) -> None:
        pairs, self._announced = self._announced, set()
        for conversation_id, user_id in pairs:
            self._bus.command(user_room(user_id), Touch(conversation_id))

    def touch_here(self, conversation_id: str, user_id: str) -> None:
        """Marks the pair, if the person is connected to this node."""
        if self._fanout.has(user_room(user_id)):
            self._touched.add((conversation_id, user_id))
            if self._flushing is None:
                self._flushing = asyncio.create_task(self._flush_soon(), name="badges")

    def touch_members(self, conversation_id: str, *, but: str | None = None) -> None:
        """Marks the conversation for all its members, but for one whose own doing it was. Never waits."""
        known = self._members.get(conversation_id)
        if known is not None:
            self._touch_all(conversation_id, known, but)
            return
        task = asyncio.create_task(self._learn(conversation_id, but), name="badges-members")
        self._learning.add(task)
        task.add_done_callback(self._learning.discard)

    def _touch_all(self, conversation_id: str, members: Sequence[str], but: str | None) -> None:
        for user_id in members:
            if user_id != but:
                self.touch(conversation_id, user_id)

    async def _learn(self, conversation_id: str, but: str | None) -> None:
        # Who takes part does not change once a conversation exists, so what was read once stays true.
        try:
            members = self._members[conversation_id] = await self._queries.member_ids(conversation_id)
        except Exception as error:  # live road: the next list or change tells the same
            if not database_is_away(error):
                log.exception("badges.failed")
            return
        if len(self._members) > MOST_REMEMBERED:
            self._members.popitem(last=False)
        self._touch_all(conversation_id, members, but)

    async def stop(self) -> None:
        """Sends what was gathered."""
        self._stopping = True
        if self._learning:
            await asyncio.wait(self._learning)
        self._announce()
        if self._flushing is not None:
            await self._flushing

    async def _flush_soon(self) -> None:
        """One flush at a time: a slower one must not overwrite newer counts."""
        try:
            while self._touched:
                await asyncio.sleep(GATHER_SECONDS)
                pairs = self._due()
                for begin in range(0, len(pairs), AT_ONCE):
                    await self._flush(pairs[begin : begin + AT_ONCE])
        except Exception as error:  # live road: the next list or change tells the same
            if not database_is_away(error):
                log.exception("badges.failed")
        finally:
            self._flushing = None

    def _due(self) -> list[tuple[str, str]]:
        """The pairs that are asked for now; those with much unread, which are dear to count, rest in between."""
        now = asyncio.get_running_loop().time()
        due = sorted(pair for pair in self._touched if self._stopping or self._resting.get(pair, 0.0) <= now)
        self._touched.difference_update(due)
        if len(self._resting) > MOST_REMEMBERED:
            self._resting = {pair: until for pair, until in self._resting.items() if until > now}
        return due

    async def _flush(self, pairs: Sequence[tuple[str, str]]) -> None:
        for badge in await self._queries.of_pairs(pairs):
            if badge.unread > MUCH:
                rest = REST_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311  (so that they are not counted all at once)
                until = asyncio.get_running_loop().time() + rest
                self._resting[badge.conversation_id, badge.user_id] = until
            update = ConversationUpdated(
                conversation_id=badge.conversation_id,
                rev=badge.rev,
                unread=badge.unread,
                last_message=UNSET if badge.last_message is None else badge.last_message,
            )
            if self.emit is not None:
                self.emit(badge.user_id, update)
