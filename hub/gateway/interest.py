"""Ties rooms to the bus: a node hears only of rooms that somebody here is in."""

from hub.gateway.bus import Bus, Deliver
from hub.gateway.fanout import Fanout, Room
from hub.gateway.frames import Frame
from hub.gateway.sequence import Sequencer


def connect(fanout: Fanout, bus: Bus, sequencer: Sequencer) -> Deliver:
    """Has the bus follow the first and the last member of each room of the namespace `/`; gives what takes its frames.

    What this node publishes for a room that nobody here is in leaves no trace: a log that is not heard on would lie.
    """

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

    def take(room: str, frame: Frame) -> None:
        if fanout.has(room):
            sequencer.take(room, frame)

    return take
