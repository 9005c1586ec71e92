"""Local fan-out: which sessions of this process are in which room, both ways, and delivery to them."""

from collections.abc import Iterator

from hub.gateway.frames import Frame
from hub.gateway.session import Session


class Fanout:
    """Rooms of this process. Joining, leaving and disconnecting cost what the session's own rooms cost."""

    def __init__(self) -> None:
        self._rooms: dict[str, dict[str, Session]] = {}

    def join(self, session: Session, room: str) -> None:
        """Puts the session into the room; one that has ended stays outside."""
        if session.ended:
            return
        self._rooms.setdefault(room, {})[session.id] = session
        session.rooms.add(room)

    def leave(self, session: Session, room: str) -> None:
        """Takes the session out of the room; an empty room is forgotten."""
        session.rooms.discard(room)
        inside = self._rooms.get(room)
        if inside is not None:
            inside.pop(session.id, None)
            if not inside:
                del self._rooms[room]

    def leave_all(self, session: Session) -> None:
        """Takes the session out of every room that it is in."""
        for room in list(session.rooms):
            self.leave(session, room)

    def sessions(self, room: str) -> Iterator[Session]:
        """The sessions in the room, safe against changes meanwhile."""
        return iter(list(self._rooms.get(room, {}).values()))

    def has(self, room: str) -> bool:
        """Whether anybody is in the room."""
        return room in self._rooms

    def deliver(self, room: str, frame: Frame) -> None:
        """Gives the frame to every session in the room."""
        for session in self.sessions(room):
            if session.user_id != frame.skip_user:
                session.deliver(room, frame)
