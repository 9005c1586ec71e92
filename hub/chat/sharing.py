"""Reads that many ask for at once: who asks while one is under way shares the next one with all who ask meanwhile.

So every answer was read after it was asked for, and a thousand people who enter a room cost a few reads.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class SharedReads(Generic[Key, Value]):
    """Shares the reads of `read(key)`; an exception is shared as well."""

    def __init__(self, read: Callable[[Key], Awaitable[Value]]) -> None:
        self._read = read
        self._next: dict[Key, asyncio.Task[Value]] = {}
        self._running: dict[Key, asyncio.Task[Value]] = {}

    async def get(self, key: Key) -> Value:
        """What `read(key)` gives, from a call that begins after this one."""
        task = self._next.get(key)
        if task is None:
            task = self._next[key] = asyncio.create_task(self._after(self._running.get(key), key))
            task.add_done_callback(_seen)
        return await asyncio.shield(task)  # who goes away does not take the answer from the others

    async def _after(self, running: asyncio.Task[Value] | None, key: Key) -> Value:
        if running is not None:
            await asyncio.wait([running])
        task = self._running[key] = self._next.pop(key)
        try:
            return await self._read(key)
        finally:
            if self._running.get(key) is task:
                del self._running[key]


def _seen(task: asyncio.Task[Any]) -> None:
    """Marks an exception as seen: those who asked may all be gone."""
    if not task.cancelled():
        task.exception()
