"""What goes through Redis: a signed header, and the frame as sockets get it, so that nobody parses it on the way.

    signature 16 | version 1 | kind 1 | priority 1 | node 8 | rev 8 | length of user 2 | length of key 2 | user key data

The signature is BLAKE2b with a secret of all nodes over the channel and everything after the signature: whoever can
write to Redis but does not know the secret can neither make payloads up nor move one to another room. Whoever can read
it can play a genuine payload again in its room; frames of the log are then dropped by their `rev`.
"""

from base64 import b64decode
from enum import IntEnum
from hashlib import blake2b
from hmac import compare_digest
from struct import Struct as Layout

import msgspec

from hub.gateway import frames
from hub.gateway.bus import Command
from hub.gateway.frames import Frame, Priority

VERSION = 1
SIGNATURE_BYTES = 16
NODE_BYTES = 8
HEADER = Layout("!BBB8sqHH")
BODY = SIGNATURE_BYTES + HEADER.size
NODE = slice(SIGNATURE_BYTES + 3, SIGNATURE_BYTES + 3 + NODE_BYTES)
NO_REV = -1

_PRIORITIES = tuple(Priority)
_command = msgspec.json.Decoder(Command)
_encode = msgspec.json.Encoder().encode


class Kind(IntEnum):
    """What a payload is."""

    FRAME = 0
    COMMAND = 1
    SUSPECT = 2
    """Frames for the room may have been lost."""
    SUSPECT_ALL = 3
    """Frames for any room may have been lost."""


class Forged(Exception):
    """A payload that no node of this hub has made; the text says what is wrong with it."""


def key_from(secret: str) -> bytes:
    """The key of the signature, from a secret of any length."""
    return blake2b(secret.encode(), person=b"hub bus", digest_size=32).digest()


class Codec:
    """Packs and unpacks payloads for one node. `node` is what tells its own payloads from those of others."""

    def __init__(self, key: bytes, node: bytes) -> None:
        self._keyed = blake2b(key=key, digest_size=SIGNATURE_BYTES)
        self._node = node

    def frame(self, channel: bytes, frame: Frame) -> bytes:
        """A frame for the members of the channel's room."""
        user, key = (frame.skip_user or "").encode(), (frame.key or "").encode()
        rev = NO_REV if frame.rev is None else frame.rev
        header = HEADER.pack(VERSION, Kind.FRAME, frame.priority, self._node, rev, len(user), len(key))
        return self._signed(channel, b"".join((header, user, key, frame.data)))

    def command(self, channel: bytes, command: Command) -> bytes:
        """A command to the nodes that have members there."""
        return self._other(channel, Kind.COMMAND, _encode(command))

    def suspect(self, channel: bytes, *, everything: bool = False) -> bytes:
        """Tells that frames of this node may have been lost."""
        return self._other(channel, Kind.SUSPECT_ALL if everything else Kind.SUSPECT, b"")

    def is_own(self, payload: bytes) -> bool:
        """Whether it comes from this node, which has delivered it already."""
        return payload[NODE] == self._node

    def open(self, channel: bytes, payload: bytes) -> tuple[Kind, Frame | None, Command | None]:
        """What another node sent. Raises Forged; ValueError for what a node of another version may have signed."""
        if len(payload) < BODY:
            raise Forged("too short")
        if not compare_digest(payload[:SIGNATURE_BYTES], self._sign(channel, payload[SIGNATURE_BYTES:])):
            raise Forged("wrong signature")
        version, kind, priority, _node, rev, user, key = HEADER.unpack_from(payload, SIGNATURE_BYTES)
        if version != VERSION:
            raise Forged(f"version {version}")
        if kind == Kind.FRAME:
            if priority >= len(_PRIORITIES) or BODY + user + key > len(payload):
                raise Forged("no frame")
            return Kind.FRAME, _frame(payload, priority, rev, user, key), None
        if kind == Kind.COMMAND:
            return Kind.COMMAND, None, _command.decode(payload[BODY:])
        return Kind(kind), None, None

    def _other(self, channel: bytes, kind: Kind, data: bytes) -> bytes:
        return self._signed(channel, HEADER.pack(VERSION, kind, 0, self._node, NO_REV, 0, 0) + data)

    def _signed(self, channel: bytes, body: bytes) -> bytes:
        return self._sign(channel, body) + body

    def _sign(self, channel: bytes, body: bytes) -> bytes:
        keyed = self._keyed.copy()
        keyed.update(b"%d:%b" % (len(channel), channel))
        keyed.update(body)
        return keyed.digest()


def _frame(payload: bytes, priority: int, rev: int, user: int, key: int) -> Frame:
    after_user = BODY + user
    after_key = after_user + key
    data = payload[after_key:]
    attachment = data[:1] == b"b"  # as long-polling sends it; WebSocket sends the bytes themselves
    wire = frames.websocket(frames.BINARY, b64decode(data[1:])) if attachment else frames.websocket(frames.TEXT, data)
    return Frame(
        data,
        wire,
        None if rev == NO_REV else rev,
        payload[BODY:after_user].decode() if user else None,
        _PRIORITIES[priority],
        payload[after_user:after_key].decode() if key else None,
    )
