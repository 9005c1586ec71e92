"""python-socketio's client manager on our rooms: its public calls work, and every emit goes through the fan-out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import socketio
from socketio import packet

from hub.gateway.connection import Connection
from hub.gateway.fanout import Fanout, Room
from hub.gateway.frames import Frame
from hub.gateway.member import Member
from hub.gateway.packets import encode

DEFAULT = "/"


class FanoutManager(socketio.AsyncManager):  # type: ignore[misc]  # python-socketio has no types
    """Who is connected to which namespace; rooms are the fan-out's."""

    def __init__(self, fanout: Fanout) -> None:
        super().__init__()
        self._fanout = fanout
        self._members: dict[str, dict[str, Member]] = {}
        self.rooms: dict[str, dict[str | None, dict[str, str]]] = {}
        """As python-socketio shows it, with the one room that holds everybody of a namespace."""

    # --- who is connected -------------------------------------------------------------------------------------------

    def add(self, member: Member) -> None:
        """Registers somebody; they are connected once `ready`."""
        self._members.setdefault(member.namespace, {})[member.id] = member
        self.rooms.setdefault(member.namespace, {}).setdefault(None, {})[member.id] = member.connection.sid
        member.connection.members[member.namespace] = member
        if member.namespace != DEFAULT:
            # In `/` the hub says who is in which room; elsewhere an emit without a room is for everybody.
            self._fanout.join(member, self._room(member.namespace, None))

    def remove(self, member: Member) -> None:
        """Forgets somebody, and what was still to be told to them."""
        member.ended = True
        self._fanout.leave_all(member)
        self.callbacks.pop(member.id, None)
        connection = member.connection
        if connection.members.get(member.namespace) is member:
            del connection.members[member.namespace]
        inside = self._members.get(member.namespace)
        if inside is not None and inside.pop(member.id, None) is not None:
            self.rooms[member.namespace][None].pop(member.id, None)
            if not inside:
                del self._members[member.namespace]
                del self.rooms[member.namespace]

    def member(self, sid: str, namespace: str) -> Member | None:
        """Who has this Socket.IO id."""
        return self._members.get(namespace, {}).get(sid)

    async def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        """See AsyncManager."""
        connection: Connection | None = self.server.eio.sockets.get(eio_sid)
        if connection is None or namespace in connection.members:
            return None
        member = Member(self.server.eio.generate_id(), connection, namespace)
        self.add(member)
        return member.id

    async def connect(self, sid: str, namespace: str) -> str:
        """See AsyncManager."""
        member = self.member(sid, namespace)
        if member is not None:
            member.ready = True
        return sid

    def is_connected(self, sid: str, namespace: str) -> bool:
        """See AsyncManager."""
        member = self.member(sid, namespace)
        return member is not None and member.ready and not member.leaving

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        """See AsyncManager."""
        connection = self.server.eio.sockets.get(eio_sid)
        member = connection.members.get(namespace) if connection is not None else None
        return member.id if member is not None else None

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        """See AsyncManager."""
        member = self.member(sid, namespace)
        return member.connection.sid if member is not None else None

    def pre_disconnect(self, sid: str, namespace: str) -> str | None:
        """See AsyncManager."""
        member = self.member(sid, namespace)
        if member is None:
            return None
        member.leaving = True
        return member.connection.sid

    def basic_disconnect(self, sid: str, namespace: str, **_options: Any) -> None:
        """See AsyncManager."""
        member = self.member(sid, namespace)
        if member is not None:
            self.remove(member)

    # --- rooms ------------------------------------------------------------------------------------------------------

    @staticmethod
    def _room(namespace: str, room: str | None) -> Room:
        return room if namespace == DEFAULT and room is not None else (namespace, room)

    def basic_enter_room(self, sid: str, namespace: str, room: str, eio_sid: str | None = None) -> None:
        """See AsyncManager."""
        del eio_sid
        member = self.member(sid, namespace)
        if member is None:
            raise ValueError("sid is not connected to requested namespace")
        self._fanout.join(member, self._room(namespace, room))

    def basic_leave_room(self, sid: str, namespace: str, room: str) -> None:
        """See AsyncManager."""
        member = self.member(sid, namespace)
        if member is not None:
            self._fanout.leave(member, self._room(namespace, room))

    def basic_close_room(self, room: str, namespace: str) -> None:
        """See AsyncManager."""
        self._fanout.close(self._room(namespace, room))

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        """See AsyncManager."""
        member = self.member(sid, namespace)
        if member is None:
            return []
        named = [room if isinstance(room, str) else room[1] for room in member.rooms]
        return [sid, *(room for room in named if room is not None)]

    def get_participants(self, namespace: str, room: str | list[str] | None) -> Iterator[tuple[str, str]]:
        """See AsyncManager."""
        for member in list(self._recipients(namespace, room)):
            yield member.id, member.connection.sid

    def _recipients(self, namespace: str, room: str | Iterable[str] | None) -> Iterable[Member]:
        everybody = self._members.get(namespace, {})
        if room is None:
            return everybody.values()
        if isinstance(room, str):
            alone = everybody.get(room)
            return [alone] if alone is not None else self._in_room(namespace, room)
        return {each.id: each for name in room for each in self._recipients(namespace, name)}.values()

    def _in_room(self, namespace: str, room: str) -> Iterable[Member]:
        found = self._fanout.members(self._room(namespace, room))
        return [each for each in found if isinstance(each, Member)]

    # --- emitting ---------------------------------------------------------------------------------------------------

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: str | list[str] | None = None,
        skip_sid: str | list[str] | None = None,
        callback: Callable[..., Any] | None = None,
        to: str | list[str] | None = None,
        **_options: Any,
    ) -> None:
        """See AsyncManager."""
        room = to or room
        arguments = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        if callback is not None:
            for member in list(self._recipients(namespace, room)):
                ack_id = self._generate_ack_id(member.id, callback)
                self._push(member, encode(packet.EVENT, namespace, ack_id, [event, *arguments]))
            return
        encoded = encode(packet.EVENT, namespace, None, [event, *arguments])
        if skip_sid is None and isinstance(room, str) and self.member(room, namespace) is None:
            for frame in encoded:
                self._fanout.deliver(self._room(namespace, room), frame)
            return
        skipped = skip_sid if isinstance(skip_sid, list) else [skip_sid]
        for member in list(self._recipients(namespace, room)):
            if member.id not in skipped:
                self._push(member, encoded)

    @staticmethod
    def _push(member: Member, encoded: list[Frame]) -> None:
        if not member.ended and not member.outbox.closed:
            for frame in encoded:
                member.outbox.push(frame)
