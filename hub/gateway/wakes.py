"""Wakes workers in other processes by the bus, so that work there begins at once; polling stands behind it."""

import asyncio
from collections.abc import Mapping

from hub.gateway.bus import Bus, Command, Wake
from persistence.uow import Signal

WORKERS = "workers"
"""The room of the processes that carry the durable road."""
GATHER_SECONDS = 0.02
"""Signals of so long are one command: under load one process tells the others at most fifty times a second."""


class Wakes:
    """Ties signals of this process to those of the others."""

    def __init__(self, bus: Bus, signals: Mapping[str, Signal]) -> None:
        self._bus = bus
        self._signals = signals
        self._told: set[str] = set()
        """Signals that are to be told of when the time is up."""
        self._timer: asyncio.TimerHandle | None = None
        self._telling = False
        for name, signal in signals.items():
            signal.elsewhere = lambda name=name: self._tell_soon(name)  # type: ignore[misc]

    def follow(self) -> None:
        """This process has a worker: from now on it is told."""
        self._bus.want(WORKERS)

    def obey(self, command: Wake) -> None:
        """Wakes this process's worker; its own commands, which come back, are for the others."""
        signal = self._signals.get(command.signal)
        if signal is not None and not self._telling:
            signal.wake()

    def stop(self) -> None:
        """Tells nobody any more."""
        if self._timer is not None:
            self._timer.cancel()
        for signal in self._signals.values():
            signal.elsewhere = _nothing

    def _tell_soon(self, name: str) -> None:
        self._told.add(name)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._tell)

    def _tell(self) -> None:
        names, self._told, self._timer = self._told, set(), None
        self._telling = True
        try:
            for name in sorted(names):
                command: Command = Wake(name)
                self._bus.command(WORKERS, command)
        finally:
            self._telling = False


def _nothing() -> None:
    """Nobody is told."""
