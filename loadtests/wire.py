"""WebSocket as a client speaks it (RFC 6455): the handshake, masked frames, and permessage-deflate read back.

Nothing here knows sockets or Socket.IO. It is our own because a library's frame objects cost the client more than the
frames cost the server that it measures.
"""

import base64
import hashlib
import os
import struct
import zlib
from functools import lru_cache

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
FINAL = 0x80
COMPRESSED = 0x40
"""RSV1 on the first frame of a message: its payload is deflated (RFC 7692, 7.2)."""
BROWSER_OFFER = "permessage-deflate; client_max_window_bits"
"""What Chromium and Firefox offer."""
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MASK = bytes(byte | 1 for byte in os.urandom(4))
"""One key for the whole process, without a zero byte: servers skip the unmasking of a zero key, which browsers never
send, and a fresh key for each frame would cost the client more than it tells about the server."""


class BadHandshake(RuntimeError):
    """The server did not switch to WebSocket as asked; the text is its first line, or what is wrong with it."""


def new_key() -> bytes:
    """A Sec-WebSocket-Key."""
    return base64.b64encode(os.urandom(16))


def upgrade(host: str, path: str, key: bytes, *, deflate: bool, headers: dict[str, str]) -> bytes:
    """The request that opens a WebSocket; with `deflate` compression is offered, as browsers do."""
    lines = {
        "Host": host,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": key.decode(),
        **({"Sec-WebSocket-Extensions": BROWSER_OFFER} if deflate else {}),
        **headers,
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"GET {path} HTTP/1.1\r\n{text}\r\n".encode()


def accepted(head: bytes, key: bytes) -> bool:
    """Reads the answer to `upgrade`, up to its empty line; true when frames may come deflated. Raises BadHandshake."""
    first, *rest = head.decode("latin-1").split("\r\n")
    if first.split(" ")[1:2] != ["101"]:
        raise BadHandshake(first)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    proof = base64.b64encode(hashlib.sha1(key + _MAGIC, usedforsecurity=False).digest()).decode()
    if headers.get("sec-websocket-accept") != proof:
        raise BadHandshake("Sec-WebSocket-Accept does not answer our key")
    return "permessage-deflate" in headers.get("sec-websocket-extensions", "")


@lru_cache(maxsize=4096)
def _key_stream(length: int) -> int:
    return int.from_bytes((_MASK * (length // 4 + 1))[:length], "little")


def masked(payload: bytes, opcode: int = TEXT) -> bytes:
    """One masked frame that is a whole message."""
    length = len(payload)
    if length < 126:
        head = bytes((FINAL | opcode, 0x80 | length))
    elif length < 65536:
        head = struct.pack(">BBH", FINAL | opcode, 0x80 | 126, length)
    else:
        head = struct.pack(">BBQ", FINAL | opcode, 0x80 | 127, length)
    # XOR of two long integers does in C what a loop over the bytes would do in Python.
    body = (int.from_bytes(payload, "little") ^ _key_stream(length)).to_bytes(length, "little")
    return head + _MASK + body


def frame_end(data: bytes, begin: int, end: int) -> tuple[int, int]:
    """(where the payload begins, where it ends) of the unmasked frame at `begin`; (0, 0) while it is not all there."""
    length = data[begin + 1]
    at = begin + 2
    if length == 126:
        if end - begin < 4:
            return 0, 0
        length = data[begin + 2] << 8 | data[begin + 3]
        at = begin + 4
    elif length == 127:
        if end - begin < 10:
            return 0, 0
        length = int.from_bytes(data[begin + 2 : begin + 10], "big")
        at = begin + 10
    return (at, at + length) if at + length <= end else (0, 0)


class Inflate:
    """Reads the deflated messages of one socket, whose window goes on from message to message."""

    __slots__ = ("_window",)

    def __init__(self) -> None:
        self._window = zlib.decompressobj(wbits=-15)

    def __call__(self, payload: bytes) -> bytes:
        """The message as it was before."""
        return self._window.decompress(payload + b"\x00\x00\xff\xff")
