"""Frames: a Socket.IO event encoded once, to be given to any number of sockets (protocol 5, text packets)."""

from typing import Any

import msgspec
from engineio.packet import MESSAGE, Packet
from msgspec import Struct

_encode = msgspec.json.Encoder().encode


class Frame(Struct, frozen=True):
    """One encoded event. `rev` is set for entries of a conversation's log."""

    packet: Packet
    rev: int | None = None
    skip_user: str | None = None
    """Whose sockets it is not for."""


def event(name: str, payload: Any, *, rev: int | None = None, skip_user: str | None = None) -> Frame:
    """The frame of an event with one argument."""
    return Frame(message(f'2["{name}",{_encode(payload).decode()}]'), rev, skip_user)


def ack(ack_id: int, answer: Any) -> Packet:
    """The packet that answers a request."""
    return message(f"3{ack_id}[{_encode(answer).decode()}]")


def message(text: str) -> Packet:
    """An Engine.IO message packet; it caches its own encoding, so sharing it encodes once."""
    return Packet(MESSAGE, data=text)
