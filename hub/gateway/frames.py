"""Frames: an event encoded once, as the bytes of one WebSocket message, to be given to any number of sockets."""

import struct
from base64 import b64encode
from enum import IntEnum
from typing import Any

import msgspec
from msgspec import Struct

_encode = msgspec.json.Encoder().encode

TEXT = 0x81
BINARY = 0x82
CLOSE = 0x88
PONG = 0x8A
"""First byte of an unfragmented WebSocket frame (RFC 6455, 5.2)."""
SHORT = 126
MEDIUM = 65_536
"""Lengths from which the header needs two, and eight, more bytes."""


class Priority(IntEnum):
    """What may go first, and what may be given up, when a socket is slow."""

    MONEY = 0
    MESSAGE = 1
    RECEIPT = 2
    PRESENCE = 3
    TYPING = 4


LATEST_ONLY = Priority.RECEIPT
"""From here on only the latest frame of each key waits for a slow socket."""


class Frame(Struct, frozen=True):
    """One encoded Engine.IO packet."""

    data: bytes
    """As long-polling sends it: `4` and the Socket.IO packet; `b` and base64 when it is binary."""
    wire: bytes
    """As one WebSocket message."""
    rev: int | None = None
    """Set for entries of a conversation's log."""
    skip_user: str | None = None
    """Whose sockets it is not for."""
    priority: Priority = Priority.MESSAGE
    key: str | None = None
    """Of the low priorities: what it replaces."""


def header(first: int, length: int) -> bytes:
    """The header of an unmasked WebSocket frame of `length` bytes."""
    if length < SHORT:
        return bytes((first, length))
    return struct.pack("!BBH", first, 126, length) if length < MEDIUM else struct.pack("!BBQ", first, 127, length)


def websocket(first: int, payload: bytes) -> bytes:
    """An unmasked WebSocket frame."""
    return header(first, len(payload)) + payload


def from_data(
    data: bytes,
    *,
    rev: int | None = None,
    skip_user: str | None = None,
    priority: Priority = Priority.MESSAGE,
    key: str | None = None,
) -> Frame:
    """The frame of an Engine.IO text packet."""
    return Frame(data, header(TEXT, len(data)) + data, rev, skip_user, priority, key)


def event(
    name: str,
    payload: Any,
    *,
    rev: int | None = None,
    skip_user: str | None = None,
    priority: Priority = Priority.MESSAGE,
    key: str | None = None,
) -> Frame:
    """The frame of an event with one argument, in the namespace `/`."""
    data = b'42["%b",%b]' % (name.encode(), _encode(payload))
    return Frame(data, header(TEXT, len(data)) + data, rev, skip_user, priority, key)


def ack(ack_id: int, answer: Any) -> Frame:
    """The frame that answers a request."""
    return from_data(b"43%d[%b]" % (ack_id, _encode(answer)))


def message(packet: str | bytes) -> Frame:
    """The frame of an encoded Socket.IO packet, or of the bytes of an attachment."""
    if isinstance(packet, str):
        return from_data(b"4" + packet.encode())
    return Frame(b"b" + b64encode(packet), websocket(BINARY, bytes(packet)))


def disconnect() -> Frame:
    """Socket.IO's DISCONNECT, after which stock clients stay away."""
    return from_data(b"41")
