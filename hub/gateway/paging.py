"""Cursors of lists: opaque to clients, a position to us."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from hub.errors import RequestInvalid
from hub.gateway.fields import is_conversation_id

Position = tuple[int, str]
LATEST = 2**53
"""Milliseconds beyond this are no time of ours."""
NOT_OURS = {"field": "cursor", "reason": "not a cursor of this list"}


def to_cursor(position: Position) -> str:
    """The cursor that stands for `position`."""
    return urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def from_cursor(cursor: str | None) -> Position | None:
    """The position that `cursor` stands for. Raises RequestInvalid for one that we did not make."""
    if cursor is None:
        return None
    try:
        at, last_id = msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=Position)
    except (ValueError, msgspec.DecodeError):
        raise RequestInvalid(NOT_OURS) from None
    if not 0 <= at < LATEST or not is_conversation_id(last_id):
        raise RequestInvalid(NOT_OURS)
    return at, last_id
