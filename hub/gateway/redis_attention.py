"""Who is looking at what on any node, so that a worker in another process does not alert a reader."""

from hub.gateway.attention import SessionAttention
from hub.gateway.redis_link import TROUBLE
from hub.gateway.redis_people import People
from hub.gateway.redis_presence import RedisPresence
from hub.gateway.seldom import Seldom

ASK_SECONDS = 0.5
"""The answer is waited for inside a transaction."""


class RedisAttention:
    """See Focus. What people look at stands beside their presence, and ends with the lease of its node."""

    def __init__(self, here: SessionAttention, presence: RedisPresence, people: People) -> None:
        self._here = here
        self._presence = presence
        self._people = people
        self._trouble = Seldom("attention.unknown")
        presence.looked_at = here.looked_at

    async def is_looking(self, user_id: str, conversation_id: str) -> bool:
        """Whether a device shows the conversation now, on a node that is alive. When Redis is away: of this process."""
        if await self._here.is_looking(user_id, conversation_id):
            return True
        try:
            return await self._people.is_looking(user_id, conversation_id, seconds=ASK_SECONDS)
        except TROUBLE as error:
            self._trouble.say(error=f"{type(error).__name__}: {error}")
            return False

    def changed(self, user_id: str) -> None:
        """See Focus."""
        self._presence.look_again(user_id)
