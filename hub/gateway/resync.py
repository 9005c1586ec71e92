"""Tells rooms that they may have missed something: each socket once, at its own moment, so that no storm follows."""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Collection, Sequence

from prometheus_client import Counter

from hub.gateway import frames
from hub.gateway.fanout import Fanout, Member
from hub.gateway.frames import Frame
from hub.gateway.rooms import CONVERSATION, USER, user_room
from hub.gateway.wire import ConversationResync

SPREAD_SECONDS = 1.5
"""Members of many rooms are told within this."""
SOON_SECONDS = 0.2
"""Those of one room."""
AT_ONCE = 50
"""Sockets that are told in the same moment."""
told = Counter("hub_resyncs_total", "Rooms that were told that they may have missed something")


class Resyncs:
    """Tells rooms to ask."""

    def __init__(self, fanout: Fanout) -> None:
        self._fanout = fanout
        self._planned: dict[str, float] = {}
        """Rooms that will be told, and since when something may be missing."""
        self._told: OrderedDict[str, float] = OrderedDict()
        """Rooms of people who were told to ask for everything, and when; the latest last."""

    def room(self, room: str) -> None:
        """The room has a hole."""
        self._plan(room, SOON_SECONDS)

    def rooms(self, rooms: Collection[str]) -> None:
        """All these rooms may have holes: the link to the other nodes was broken."""
        for room in rooms:
            self._plan(room, SPREAD_SECONDS)

    def _plan(self, room: str, spread: float) -> None:
        loop = asyncio.get_running_loop()
        if room in self._planned:
            self._planned[room] = loop.time()  # whoever asked meanwhile has not asked for this
        elif self._fanout.has(room):
            self._planned[room] = loop.time()
            loop.call_later(random.uniform(0, spread), self._tell, room)  # noqa: S311  (jitter)

    def _tell(self, room: str) -> None:
        since = self._planned.pop(room)
        frame = _question(room)
        if frame is None:
            return  # presence and the like repeat themselves
        told.inc()
        members = list(self._fanout.members(room))
        if room.startswith(CONVERSATION):
            members = [each for each in members if not self._asks_anyway(user_room(each.user_id), since)]
        else:
            self._remember(room)
        _push(members[:AT_ONCE], frame)
        for begin in range(AT_ONCE, len(members), AT_ONCE):
            delay = random.uniform(0, SPREAD_SECONDS)  # noqa: S311  (jitter)
            asyncio.get_running_loop().call_later(delay, _push, members[begin : begin + AT_ONCE], frame)

    def _asks_anyway(self, person: str, since: float) -> bool:
        """Whether the person will be told to ask for everything, or has been since a conversation's loss was known."""
        return person in self._planned or self._told.get(person, -1.0) >= since

    def _remember(self, person: str) -> None:
        now = asyncio.get_running_loop().time()
        self._told[person] = now
        self._told.move_to_end(person)
        while next(iter(self._told.values())) < now - 2 * SPREAD_SECONDS:
            self._told.popitem(last=False)


def _question(room: str) -> Frame | None:
    if room.startswith(CONVERSATION):
        conversation_id = room.removeprefix(CONVERSATION)
        return frames.event("conversation.resync", ConversationResync(conversation_id=conversation_id))
    return frames.event("conversation.resync", ConversationResync()) if room.startswith(USER) else None


def _push(members: Sequence[Member], frame: Frame) -> None:
    for member in members:
        if not member.ended:
            member.outbox.push(frame)
