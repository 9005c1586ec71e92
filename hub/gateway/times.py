"""Times in requests."""

from hub.clock import parse_rfc3339
from hub.errors import RequestInvalid


def time_of(field: str, text: str) -> int:
    """The ms since the epoch of an RFC 3339 time. Raises RequestInvalid that names `field`."""
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise RequestInvalid({"field": field, "reason": f"not an RFC 3339 time: {error}"}) from None
