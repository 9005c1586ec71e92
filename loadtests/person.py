"""What a virtual user is made of: who they are, where they take part, and the socket that they have now."""

import time
from contextlib import suppress
from typing import Any

from loadtests import answers, sockets
from loadtests.history import Log, Place
from loadtests.sockets import Socket, SocketFailed
from loadtests.world import Outgoing, World

RETRY_SECONDS = 0.4


class Person:
    """One person with one device."""

    __slots__ = (
        "_away",
        "_away_from",
        "_come_back_ms",
        "_connecting",
        "_due",
        "_greeted",
        "_leaving",
        "_lost_at",
        "_outbox",
        "_pending",
        "_ready_at",
        "_refreshing",
        "_renews",
        "_tries",
        "_world",
        "node",
        "number",
        "opened",
        "own",
        "places",
        "role",
        "room",
        "slow",
        "socket",
        "up",
        "user_id",
        "wanted",
    )

    def __init__(self, world: World, number: int, user_id: str, role: str) -> None:
        self._world = world
        self.number = number
        self.user_id = user_id
        self.role = role
        self.places: dict[str, Place] = {}
        self.own: list[Place] = []
        """Conversations that it is a member of."""
        self.room: Place | None = None
        """The live room, for viewers."""
        self.opened: set[str] = set()
        self.socket: Socket | None = None
        self.wanted = False
        self.up = False
        """Whether the session is ready and everything is open."""
        self.slow = False
        self.node = world.chance.randrange(len(world.addresses))
        self._renews = world.chance.random() < world.scenario.tokens.refresh
        self._outbox: dict[str, Outgoing] = {}
        self._connecting = False
        self._greeted = False
        self._pending = 0
        self._tries = 0
        self._due = 0.0
        self._lost_at = 0.0
        self._ready_at = 0.0
        self._come_back_ms: int | None = None
        self._away = True
        """Whether it is not connected because the scenario says so, and not the hub."""
        self._away_from = 0.0
        """When the last absence of that kind began; infinite when the hub was the reason."""
        self._refreshing = False
        self._leaving = False
        """Whether the node is about to stop: what is to be said waits for the next one."""

    def takes_part(self, log: Log) -> None:
        """Makes the person a member of a conversation, or a viewer of the live room."""
        place = self.places[log.id] = Place(log, self.user_id)
        if log.live:
            self.room = place
        else:
            self.own.append(place)

    @property
    def behind(self) -> bool:
        """Whether it lacks something, or has something to say that was not acknowledged."""
        return bool(self._outbox) or any(
            place.behind or place.held or place.read_wish > self._read_by_me(place) for place in self.places.values()
        )

    def _token(self) -> str:
        return self._world.tokens.make(self.user_id, self.role, time.time() + self._world.scenario.tokens.seconds)

    def _begin(self) -> None:
        """The hub has greeted the session."""
        raise NotImplementedError

    def _read_by_me(self, place: Place) -> int:
        marks = place.marks.get(self.user_id)
        return marks.read if marks else 0

    def _request(self, event: str, payload: Any, on_ack: sockets.OnAck) -> None:
        if self.socket is not None:
            with suppress(SocketFailed):  # it closes; whatever was to be asked is asked again by the next session
                self.socket.request(event, payload, on_ack)

    def _count_error(self, event: str, error: answers.Error | None) -> None:
        self._world.recorder.count(f"{event}: {error.code if error else '?'}")

    @staticmethod
    def _wait(error: answers.Error | None) -> float:
        return max(RETRY_SECONDS, (error.retry_after_ms or 0) / 1000 if error else 0.0)
