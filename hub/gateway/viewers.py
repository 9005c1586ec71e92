"""How many follow each live room: counted on every node, told to the room when the number has changed."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

import structlog

from hub.gateway import frames
from hub.gateway.fanout import Fanout
from hub.gateway.frames import Priority
from hub.gateway.rooms import conversation_room
from hub.gateway.wire import LiveViewers

log = structlog.get_logger()

EVERY_SECONDS = 2.0
"""A room hears of its viewers at most this often; a crowd that comes and goes is one number."""


class Viewers(Protocol):
    """Adds up the viewers of all nodes.

    A node's counts hold for as long as it comes back within a lease; a node that died is forgotten after that.
    """

    async def exchange(self, here: Mapping[str, int]) -> Mapping[str, int]:
        """Tells how many follow each conversation on this node (0: nobody any more); answers how many everywhere."""
        ...


class MemoryViewers:
    """Viewers of a single process."""

    async def exchange(self, here: Mapping[str, int]) -> Mapping[str, int]:
        """See Viewers."""
        return here


class _Room:
    """What is known of one room that somebody follows here."""

    __slots__ = ("elsewhere", "shown")

    def __init__(self) -> None:
        self.elsewhere = 0
        self.shown = -1


class Audience:
    """Tells each live room how many sockets follow it, in the whole hub. Each node tells its own sockets."""

    def __init__(self, fanout: Fanout, viewers: Viewers) -> None:
        self._fanout = fanout
        self._viewers = viewers
        self.every_seconds = EVERY_SECONDS
        self._rooms: dict[str, _Room] = {}
        self._certain = True
        self._telling: asyncio.Task[None] | None = None

    def follow(self, conversation_id: str) -> None:
        """Somebody follows the room here; it is counted until nobody does."""
        self._rooms.setdefault(conversation_id, _Room())
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell(), name="viewers")

    def count(self, conversation_id: str) -> int:
        """How many follow the room, as far as is known now."""
        room = self._rooms.get(conversation_id)
        return self._here(conversation_id) + (0 if room is None else room.elsewhere)

    async def stop(self) -> None:
        """Takes this node's viewers out of the counts."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.wait([self._telling])
            self._telling = None
        gone = dict.fromkeys(self._rooms, 0)
        self._rooms.clear()
        if gone:
            await self._exchange(gone)

    def _here(self, conversation_id: str) -> int:
        return self._fanout.count(conversation_room(conversation_id))

    async def _tell(self) -> None:
        """Runs while anybody here follows a room."""
        try:
            while self._rooms:
                await asyncio.sleep(self.every_seconds)
                here = {each: self._here(each) for each in self._rooms}
                everywhere = await self._exchange(here)
                for conversation_id, count in here.items():
                    self._tell_room(conversation_id, count, everywhere.get(conversation_id))
        finally:
            self._telling = None

    async def _exchange(self, here: Mapping[str, int]) -> Mapping[str, int]:
        try:
            everywhere = await self._viewers.exchange(here)
        except Exception as error:  # the other nodes' viewers stay as they were last known
            if self._certain:
                log.warning("viewers.not_counted", error=type(error).__name__)
            self._certain = False
            return {}
        self._certain = True
        return everywhere

    def _tell_room(self, conversation_id: str, here: int, everywhere: int | None) -> None:
        room = self._rooms[conversation_id]
        if everywhere is not None:
            room.elsewhere = max(0, everywhere - here)
        total = here + room.elsewhere
        if total != room.shown:
            room.shown = total
            told = LiveViewers(conversation_id, total)
            frame = frames.event("live.viewers", told, priority=Priority.PRESENCE, key=f"viewers {conversation_id}")
            self._fanout.deliver(conversation_room(conversation_id), frame)
        if here == 0 and self._here(conversation_id) == 0:
            del self._rooms[conversation_id]
