"""What an HTTP status means for a delivery, where the provider's own error code says nothing."""

from hub.channels.base import Misconfigured, Outcome, Rejected, RetryLater, Unknown

REFUSES_US = frozenset({401, 403, 404})
"""Wrong key, no permission, or no such account."""
NOT_NOW = frozenset({408, 429})
SERVER, GATEWAY_TIMEOUT = 500, 504


def by_status(status: int, code: int | None, text: str, after_seconds: float | None) -> Outcome:
    """Of a status that is not 2xx; `text` is the provider's explanation.

    504 is a gateway that gave up waiting for the provider, which may have taken the message (RFC 9110, 15.6.5).
    """
    words = [f"HTTP {status}", *([str(code)] if code is not None else []), *text.split()]
    reason = "".join(each for each in " ".join(words) if each.isprintable())[:200]
    if status == GATEWAY_TIMEOUT:
        return Unknown(reason)
    if status >= SERVER or status in NOT_NOW:
        return RetryLater(reason, after_seconds)
    if status in REFUSES_US:
        return Misconfigured(reason)
    return Rejected(reason)
