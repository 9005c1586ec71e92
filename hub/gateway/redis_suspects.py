"""What Redis did not confirm: rooms whose frames may be lost between nodes, and commands to be sent again."""

from collections import deque
from collections.abc import Iterable

import structlog

from hub.gateway.bus import Command

log = structlog.get_logger()

MOST_ROOMS = 10_000
"""Beyond, every room is suspect."""
MOST_COMMANDS = 10_000
"""Beyond, the oldest is given up; that is logged."""


class Suspects:
    """Bounded memory, whatever the time that Redis is away."""

    def __init__(self) -> None:
        self._rooms: dict[str, None] = {}
        self._commands: deque[tuple[str, Command]] = deque()
        self._everything = False
        self._given_up = 0

    def __len__(self) -> int:
        return len(self._rooms) + len(self._commands) + self._everything

    @property
    def everything(self) -> bool:
        """Whether more rooms are suspect than can be remembered."""
        return self._everything

    def add(self, room: str) -> None:
        """Frames for the room may be lost."""
        if self._everything:
            return
        self._rooms[room] = None
        if len(self._rooms) > MOST_ROOMS:
            self.add_everything()

    def add_everything(self) -> None:
        """Frames for any room may be lost."""
        self._rooms.clear()
        self._everything = True

    def again(self, room: str, command: Command) -> None:
        """The command must be sent again."""
        if len(self._commands) >= MOST_COMMANDS:
            self._commands.popleft()
            self._given_up += 1
            if self._given_up == 1:
                log.error("bus.commands_given_up", most=MOST_COMMANDS)
        self._commands.append((room, command))

    def take_everything(self) -> bool:
        """Whether all rooms were suspect; they are not any more."""
        taken, self._everything = self._everything, False
        return taken

    def take_rooms(self, most: int) -> Iterable[str]:
        """Some suspect rooms, oldest first; they are suspect no more."""
        taken = [room for room, _ in zip(self._rooms, range(most), strict=False)]
        for room in taken:
            del self._rooms[room]
        return taken

    def take_commands(self) -> Iterable[tuple[str, Command]]:
        """The commands to be sent again, oldest first."""
        taken, self._commands, self._given_up = self._commands, deque(), 0
        return taken
