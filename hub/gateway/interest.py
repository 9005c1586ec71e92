"""Ties rooms to the bus: a node hears only of rooms that somebody here is in."""

from hub.gateway.bus import Bus
from hub.gateway.fanout import Fanout, Room
from hub.gateway.sequence import Sequencer


def connect(fanout: Fanout, bus: Bus, sequencer: Sequencer) -> None:
    """Has the bus follow the first and the last member of each room of the namespace `/`."""

    def first(room: Room) -> None:
        if isinstance(room, str):
            bus.want(room)

    def last(room: Room) -> None:
        if isinstance(room, str):
            bus.unwant(room)
            sequencer.forget(room)

    def caught_up(room: Room, rev: int) -> None:
        if isinstance(room, str):
            sequencer.known(room, rev)

    fanout.on_first, fanout.on_last, fanout.on_caught_up = first, last, caught_up
