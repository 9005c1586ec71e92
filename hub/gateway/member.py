"""Somebody connected to one namespace over one Engine.IO session."""

from __future__ import annotations

from hub.gateway.connection import Connection
from hub.gateway.fanout import Room
from hub.gateway.frames import Frame
from hub.gateway.outbox import Outbox


class Member:
    """A Socket.IO socket. Writing to it never waits."""

    __slots__ = ("connection", "ended", "id", "leaving", "namespace", "outbox", "ready", "rooms", "user_id")

    def __init__(self, sid: str, connection: Connection, namespace: str, user_id: str = "") -> None:
        self.id = sid
        self.connection = connection
        self.outbox: Outbox = connection.outbox
        self.namespace = namespace
        self.user_id = user_id
        self.rooms: set[Room] = set()
        self.ready = False
        """Whether CONNECT was accepted."""
        self.leaving = False
        self.ended = False

    def send(self, frame: Frame) -> None:
        """Sends a frame to this socket alone."""
        if not self.ended:
            self.connection.send_frame(frame)
