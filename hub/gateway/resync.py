"""Tells rooms that they may have missed something: each socket once, at its own moment, so that no storm follows."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection, Sequence

from prometheus_client import Counter

from hub.gateway import frames
from hub.gateway.fanout import Fanout, Member
from hub.gateway.frames import Frame
from hub.gateway.rooms import CONVERSATION, USER, user_room
from hub.gateway.wire import ConversationResync

SPREAD_SECONDS = 2.0
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
        self._planned: set[str] = set()
        self._whole: set[str] = set()
        """Rooms of people who are just being told to ask for everything."""

    def room(self, room: str) -> None:
        """The room has a hole."""
        self._plan(room, SOON_SECONDS)

    def rooms(self, rooms: Collection[str]) -> None:
        """All these rooms may have holes: the link to the other nodes was broken."""
        whole = {room for room in rooms if room.startswith(USER)}
        self._whole |= whole
        for room in rooms:
            self._plan(room, SPREAD_SECONDS)
        if whole:
            asyncio.get_running_loop().call_later(SPREAD_SECONDS + SOON_SECONDS, self._whole.difference_update, whole)

    def _plan(self, room: str, spread: float) -> None:
        if room not in self._planned and self._fanout.has(room):
            self._planned.add(room)
            asyncio.get_running_loop().call_later(random.uniform(0, spread), self._tell, room)  # noqa: S311  (jitter)

    def _tell(self, room: str) -> None:
        self._planned.discard(room)
        frame = _question(room)
        if frame is None:
            return  # presence and the like repeat themselves
        told.inc()
        members = list(self._fanout.members(room))
        if room.startswith(CONVERSATION):
            # Who is told to ask for everything need not be told of each conversation.
            members = [each for each in members if user_room(each.user_id) not in self._whole]
        _push(members[:AT_ONCE], frame)
        for begin in range(AT_ONCE, len(members), AT_ONCE):
            delay = random.uniform(0, SPREAD_SECONDS)  # noqa: S311  (jitter)
            asyncio.get_running_loop().call_later(delay, _push, members[begin : begin + AT_ONCE], frame)


def _question(room: str) -> Frame | None:
    if room.startswith(CONVERSATION):
        conversation_id = room.removeprefix(CONVERSATION)
        return frames.event("conversation.resync", ConversationResync(conversation_id=conversation_id))
    return frames.event("conversation.resync", ConversationResync()) if room.startswith(USER) else None


def _push(members: Sequence[Member], frame: Frame) -> None:
    for member in members:
        if not member.ended:
            member.outbox.push(frame)
