"""The bus between gateway processes: a frame published for a room reaches the members of that room on every node."""

from collections.abc import Callable
from typing import Protocol

from hub.gateway.frames import Frame

Deliver = Callable[[str, Frame], None]


class Bus(Protocol):
    """Carries frames to rooms.

    Guarantees: frames of one publisher reach a room's members in the order of their publishing. Best effort: a frame
    may be lost; whoever misses an entry of a conversation's log finds out from `rev`. Publishing never raises.
    """

    def subscribe(self, deliver: Deliver) -> None:
        """Hands every frame for this node's members to `deliver(room, frame)`."""
        ...

    async def publish(self, room: str, frame: Frame) -> None:
        """Sends `frame` to everybody in `room`."""
        ...


class MemoryBus:
    """The bus of a single process."""

    def __init__(self) -> None:
        self._deliver: list[Deliver] = []

    def subscribe(self, deliver: Deliver) -> None:
        """See Bus."""
        self._deliver.append(deliver)

    async def publish(self, room: str, frame: Frame) -> None:
        """See Bus."""
        for deliver in self._deliver:
            deliver(room, frame)
