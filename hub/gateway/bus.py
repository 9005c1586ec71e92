"""The bus between gateway processes: a frame published for a room reaches the members of that room on every node."""

from collections.abc import Callable, Collection
from typing import Protocol

from msgspec import Struct

from hub.gateway.frames import Frame


class Disconnect(Struct, frozen=True, tag="disconnect"):
    """Every socket in the room is closed."""

    reason: str
    but_session: str | None = None
    """The one session that stays."""


class CloseRoom(Struct, frozen=True, tag="close_room"):
    """Every socket leaves the room, and stays connected."""

    reason: str


class Touch(Struct, frozen=True, tag="touch"):
    """A conversation in the list of the room's person has news: its badge is to be made anew."""

    conversation_id: str


class Resync(Struct, frozen=True, tag="resync"):
    """The room's members may have missed something of this conversation; None: of whatever the room is about."""

    conversation_id: str | None = None


class Notice(Struct, frozen=True, tag="notice"):
    """The inbox of the room's person changed: a notification is new, or one is otherwise now, or more of it is."""

    new_id: str | None = None
    changed_id: str | None = None


class Wake(Struct, frozen=True, tag="wake"):
    """There is work for the room's workers; `signal` names of which kind."""

    signal: str


Command = Disconnect | CloseRoom | Touch | Resync | Notice | Wake
"""What a room's members are told to do, by their nodes. All of them may be carried out twice without harm."""

Deliver = Callable[[str, Frame], None]
Obey = Callable[[str, Command], None]
Broken = Callable[[Collection[str]], None]


class Bus(Protocol):
    """Carries frames and commands to rooms.

    Guarantees: those of one publisher reach a room's members in the order of publishing, each at most once. A frame
    may be lost between nodes; then every node whose members may miss it learns of it by `on_break`, as soon as nodes
    hear each other again. A command that was not confirmed is sent again.
    """

    on_break: Broken
    """Called with rooms of this node whose members may have missed frames; they must be told to ask again."""

    @property
    def trouble(self) -> str | None:
        """Why this node does not hear the others, or is not heard; None when all is well."""
        ...

    def subscribe(self, deliver: Deliver, obey: Obey) -> None:
        """Hands every frame for this node's members to `deliver(room, frame)`, every command to `obey`."""
        ...

    def publish(self, room: str, frame: Frame) -> None:
        """Gives `frame` to this node's members at once, then to the other nodes. Never waits, never raises."""
        ...

    def command(self, room: str, command: Command) -> None:
        """The same for a command."""
        ...

    def want(self, room: str) -> None:
        """The first member came into the room on this node: frames of other nodes are for us from soon on."""
        ...

    def unwant(self, room: str) -> None:
        """The last member left."""
        ...

    async def listening(self, room: str) -> None:
        """Until frames of other nodes for a wanted room arrive here.

        Returns after a second at most, or at once when there is no link to the other nodes: then `on_break` follows
        when they are heard.
        """
        ...

    async def start(self) -> None:
        """Connects to the other nodes; when that cannot be done now, it goes on trying and returns."""
        ...

    async def stop(self) -> None:
        """Sends what waits, then disconnects."""
        ...


class MemoryBus:
    """The bus of a single process: nothing is ever lost on it."""

    def __init__(self) -> None:
        self.on_break: Broken = ignore
        self._subscribers: list[tuple[Deliver, Obey]] = []

    @property
    def trouble(self) -> str | None:
        """See Bus."""
        return None

    def subscribe(self, deliver: Deliver, obey: Obey) -> None:
        """See Bus."""
        self._subscribers.append((deliver, obey))

    def publish(self, room: str, frame: Frame) -> None:
        """See Bus."""
        for deliver, _obey in self._subscribers:
            deliver(room, frame)

    def command(self, room: str, command: Command) -> None:
        """See Bus."""
        for _deliver, obey in self._subscribers:
            obey(room, command)

    def want(self, room: str) -> None:
        """See Bus."""

    def unwant(self, room: str) -> None:
        """See Bus."""

    async def listening(self, room: str) -> None:
        """See Bus."""

    async def start(self) -> None:
        """See Bus."""

    async def stop(self) -> None:
        """See Bus."""


def ignore(_rooms: Collection[str]) -> None:
    """Nobody wants to know."""
