"""Local fan-out: who of this process is in which room, both ways, and delivery to them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol, cast

from hub.gateway.frames import Frame
from hub.gateway.outbox import Flusher, Outbox

if TYPE_CHECKING:
    from hub.gateway.session import Session

LATE_SECONDS = 10.0
"""An entry reaches the room within this after its commit, or never."""
Room = str | tuple[str, str | None]
"""A room of the namespace `/`, or (namespace, room)."""


class Member(Protocol):
    """Who can be in rooms."""

    id: str
    user_id: str
    rooms: set[Room]
    outbox: Outbox
    ended: bool


class _Members:
    """One room: who gets its frames at once, and what is kept back for those who are being caught up."""

    __slots__ = ("after", "held", "members", "newest", "outboxes")

    def __init__(self) -> None:
        self.members: dict[str, Member] = {}
        self.outboxes: dict[str, Outbox] = {}
        self.held: dict[str, list[Frame]] = {}
        self.after: dict[str, int] = {}
        """Members who hold the log up to an entry that may still be on its way to the room."""
        self.newest = 0
        """The greatest of these entries."""


class Fanout:
    """Rooms of this process. Joining, leaving and disconnecting cost what the member's own rooms cost.

    `on_first` and `on_last` are told of rooms that somebody is in now, and that nobody is in any more.
    """

    def __init__(self, flusher: Flusher | None = None) -> None:
        self.flusher = flusher or Flusher()
        self._rooms: dict[Room, _Members] = {}
        self._remembered: deque[tuple[float, _Members, str, int]] = deque()
        self.on_first: Callable[[Room], None] = _nothing
        self.on_last: Callable[[Room], None] = _nothing
        self.on_caught_up: Callable[[Room, int], None] = _nothing
        """Called when a member of the room holds its log up to an entry."""

    def join(self, member: Member, room: Room) -> None:
        """Puts the member into the room; one that has ended stays outside."""
        if member.ended or room in member.rooms:
            return
        inside = self._rooms.get(room)
        if inside is None:
            inside = self._rooms[room] = _Members()
            self.on_first(room)
        inside.members[member.id] = member
        inside.outboxes[member.id] = member.outbox
        member.rooms.add(room)

    def leave(self, member: Member, room: Room) -> None:
        """Takes the member out of the room; an empty room is forgotten."""
        member.rooms.discard(room)
        inside = self._rooms.get(room)
        if inside is None or inside.members.pop(member.id, None) is None:
            return
        inside.outboxes.pop(member.id, None)
        inside.held.pop(member.id, None)
        inside.after.pop(member.id, None)
        if not inside.members:
            del self._rooms[room]
            self.on_last(room)

    def leave_all(self, member: Member) -> None:
        """Takes the member out of every room that it is in."""
        for room in list(member.rooms):
            self.leave(member, room)

    def close(self, room: Room) -> None:
        """Takes everybody out of the room."""
        for member in self.members(room):
            self.leave(member, room)

    def members(self, room: Room) -> Iterator[Member]:
        """Who is in the room, safe against changes meanwhile."""
        inside = self._rooms.get(room)
        return iter(()) if inside is None else iter(list(inside.members.values()))

    def sessions(self, room: str) -> list[Session]:
        """Who is in a room of the namespace `/`, where everybody is a session."""
        return cast("list[Session]", list(self.members(room)))

    def rooms(self) -> list[Room]:
        """All rooms that somebody is in."""
        return list(self._rooms)

    def has(self, room: Room) -> bool:
        """Whether anybody is in the room."""
        return room in self._rooms

    def count(self, room: Room) -> int:
        """How many members of this process are in the room."""
        inside = self._rooms.get(room)
        return 0 if inside is None else len(inside.members)

    def deliver(self, room: Room, frame: Frame) -> None:
        """Gives the frame to everybody in the room: an append for each, and one write for each at the next flush."""
        inside = self._rooms.get(room)
        if inside is None:
            return
        if frame.skip_user is None:
            dirty = self.flusher.dirty()
            for outbox in inside.outboxes.values():
                waiting = outbox.waiting
                if not waiting:
                    dirty.append(outbox)
                waiting.append(frame)
            if frame.rev is not None and frame.rev <= inside.newest:
                self._take_back(inside, frame, frame.rev)
            for held in inside.held.values():
                held.append(frame)
        else:
            self._deliver_to_others(inside, frame, frame.skip_user)

    @staticmethod
    def _take_back(inside: _Members, frame: Frame, rev: int) -> None:
        """Those few who got this entry with their snapshot do not get it again."""
        for member_id, after_rev in inside.after.items():
            outbox = inside.outboxes.get(member_id)
            if outbox is not None and after_rev >= rev and outbox.waiting and outbox.waiting[-1] is frame:
                outbox.waiting.pop()

    @staticmethod
    def _deliver_to_others(inside: _Members, frame: Frame, skip_user: str) -> None:
        for member_id, outbox in inside.outboxes.items():
            if inside.members[member_id].user_id != skip_user:
                outbox.push(frame)
        for member_id, held in inside.held.items():
            if inside.members[member_id].user_id != skip_user:
                held.append(frame)

    def moved(self, member: Member) -> None:
        """The member has another outbox now."""
        for room in member.rooms:
            inside = self._rooms[room]
            if member.id in inside.outboxes:
                inside.outboxes[member.id] = member.outbox

    # --- catching up ------------------------------------------------------------------------------------------------

    def hold(self, member: Member, room: Room) -> None:
        """Keeps the room's frames back from a member until `release`, so that what was missed comes first."""
        inside = self._rooms.get(room)
        if inside is not None and member.id in inside.members:
            inside.outboxes.pop(member.id, None)
            inside.held.setdefault(member.id, [])

    def release(self, member: Member, room: Room, *, after_rev: int | None) -> None:
        """Gives what was kept back, but for changes up to `after_rev`, which the member has got already.

        None when nobody knows how far the member is.
        """
        inside = self._rooms.get(room)
        if inside is None or member.id not in inside.members:
            return
        if after_rev is not None:
            self.on_caught_up(room, after_rev)
            self._remember(inside, member.id, after_rev)
        inside.outboxes[member.id] = member.outbox
        for frame in _in_order(inside.held.pop(member.id, ())):
            if frame.rev is None or after_rev is None or frame.rev > after_rev:
                member.outbox.push(frame)

    def _remember(self, inside: _Members, member_id: str, after_rev: int) -> None:
        """Entries up to there may still be on their way, for a few seconds: committed, but not published yet."""
        now = asyncio.get_running_loop().time()
        while self._remembered and self._remembered[0][0] < now:
            _, old, old_id, old_rev = self._remembered.popleft()
            if old.after.get(old_id) == old_rev:
                del old.after[old_id]
        inside.after[member_id] = after_rev
        inside.newest = max(inside.newest, after_rev)
        self._remembered.append((now + LATE_SECONDS, inside, member_id, after_rev))


def _in_order(frames: Sequence[Frame]) -> Iterator[Frame]:
    """The frames with the entries of the log among them in order and once; the others keep their places."""
    entries = iter(sorted({frame.rev: frame for frame in frames if frame.rev is not None}.items()))
    for frame in frames:
        if frame.rev is None:
            yield frame
        elif (entry := next(entries, None)) is not None:
            yield entry[1]


def _nothing(*_what: object) -> None:
    """Nobody wants to know."""
