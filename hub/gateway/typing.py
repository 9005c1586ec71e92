"""Typing: a throttled heartbeat that expires by itself; only the latest matters and nothing is stored."""

import asyncio
from collections.abc import Awaitable, Callable

from hub.gateway.wire import TypingEvent

REPEAT_SECONDS = 3.0
"""A typing person is announced at most this often."""
EXPIRE_SECONDS = 6.0
"""Without a fresh `typing.start` the person has stopped."""

Emit = Callable[[TypingEvent], Awaitable[None]]
Key = tuple[str, str]


class Typing:
    """Who is typing where."""

    def __init__(self, emit: Emit, *, expire_seconds: float = EXPIRE_SECONDS) -> None:
        self._emit = emit
        self._expire_seconds = expire_seconds
        self._announced: dict[Key, float] = {}
        self._expiry: dict[Key, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, conversation_id: str, user_id: str) -> None:
        """The person types now; told to the others unless they were told just before."""
        key = (conversation_id, user_id)
        loop = asyncio.get_running_loop()
        self._expire_later(key, loop)
        if self.is_due(conversation_id, user_id):
            self._announced[key] = loop.time()
            await self._emit(TypingEvent(conversation_id, user_id, "start"))

    async def stop(self, conversation_id: str, user_id: str) -> None:
        """The person stopped; told to the others if they believe otherwise."""
        key = (conversation_id, user_id)
        handle = self._expiry.pop(key, None)
        if handle is not None:
            handle.cancel()
        if self._announced.pop(key, None) is not None:
            await self._emit(TypingEvent(conversation_id, user_id, "stop"))

    def is_due(self, conversation_id: str, user_id: str) -> bool:
        """Whether a `start` now would be told to the others."""
        since = self._announced.get((conversation_id, user_id), -REPEAT_SECONDS)
        return asyncio.get_running_loop().time() - since >= REPEAT_SECONDS

    def is_typing(self, conversation_id: str, user_id: str) -> bool:
        """Whether the others believe that the person types."""
        return (conversation_id, user_id) in self._announced

    def _expire_later(self, key: Key, loop: asyncio.AbstractEventLoop) -> None:
        handle = self._expiry.get(key)
        if handle is not None:
            handle.cancel()
        self._expiry[key] = loop.call_later(self._expire_seconds, self._expired, key)

    def _expired(self, key: Key) -> None:
        task = asyncio.create_task(self.stop(*key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
