"""Socket.IO packets: python-socketio's with a strict JSON decoder, and a short way for what holds no binary data."""

from typing import Any

import msgspec
from socketio import packet

from hub.gateway import frames
from hub.gateway.frames import Frame

_encode = msgspec.json.Encoder().encode
NESTED = frozenset({dict, list})
PLAIN = frozenset({str, int, float, bool, type(None)})


class Json:
    """The JSON module that python-socketio and engineio use; any malformed text is a ValueError."""

    @staticmethod
    def dumps(value: Any, **_options: Any) -> str:
        """JSON text."""
        return msgspec.json.encode(value).decode()

    @staticmethod
    def loads(text: str | bytes, **_options: Any) -> Any:
        """The value of JSON text."""
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise ValueError(str(error)) from None


class Packet(packet.Packet):  # type: ignore[misc]  # python-socketio has no types
    """python-socketio's packet; a placeholder names an attachment that is there, not one counted from the end."""

    @classmethod
    def _reconstruct_binary_internal(cls, data: Any, attachments: list[bytes]) -> Any:
        number = data.get("num") if isinstance(data, dict) and data.get("_placeholder") else 0
        if not isinstance(number, int) or number < 0:
            raise ValueError("no such attachment")
        return super()._reconstruct_binary_internal(data, attachments)


def encode(kind: int, namespace: str, ack_id: int | None, data: list[Any]) -> list[Frame]:
    """The frames of an EVENT or ACK packet: one, and one more for each binary attachment."""
    if _is_plain(data):
        where = b"" if namespace == "/" else b"%b," % namespace.encode()
        number = b"" if ack_id is None else b"%d" % ack_id
        return [frames.from_data(b"4%d%b%b%b" % (kind, where, number, _encode(data)))]
    encoded = Packet(kind, namespace=namespace, id=ack_id, data=data).encode()
    return [frames.message(each) for each in (encoded if isinstance(encoded, list) else [encoded])]


def _is_plain(value: Any) -> bool:
    """Whether it is surely JSON without binary data."""
    for each in value.values() if type(value) is dict else value:
        if type(each) not in PLAIN and not (type(each) in NESTED and _is_plain(each)):
            return False
    return True
