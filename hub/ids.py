"""Ids: UUIDv7 (RFC 9562), which sort by the time at which they were made."""

from uuid_utils import uuid7


def new_id() -> str:
    """A fresh UUIDv7 as the usual 36 characters."""
    return str(uuid7())
