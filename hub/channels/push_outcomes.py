"""What a push service's answer means for a delivery and for the subscription (RFC 8030, RFC 8292)."""

from hub.channels.base import Accepted, Gone, Misconfigured, Outcome, Rejected, RetryLater, Unknown
from hub.channels.http_pool import Reply, retry_after

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, REQUEST_TIMEOUT, GONE = 401, 403, 404, 408, 410
TOO_LARGE, TOO_EARLY, TOO_MANY, SERVER, GATEWAY_TIMEOUT = 413, 425, 429, 500, 504
OTHER_KEY = ("do not correspond to the credentials", "vapidpkhashmismatch", "vapid public key mismatch")
"""How Google's (403), Apple's (400) and Mozilla's (401) services say that the subscription has another VAPID key."""
LONGEST_ID = 200
LONGEST_WORDS = 120


def outcome(reply: Reply, *, trusted: bool) -> Outcome:
    """Of an answered request. `trusted`: the same service has accepted something that our key signed."""
    if reply.ok:
        return Accepted(provider_id=reply.headers.get("Location", "")[:LONGEST_ID] or None)
    status, reason = reply.status, _reason(reply)
    if status in {NOT_FOUND, GONE}:
        return Gone(f"HTTP {status}")
    if _of_another_key(reply):
        # Where our key works for others, this subscription is from before the key was changed. Where it does not, the
        # key itself may be wrong, and no subscription may be lost to that.
        return Gone("vapid_mismatch") if trusted else Misconfigured(f"vapid_mismatch: {reason}")
    if status in {UNAUTHORIZED, FORBIDDEN}:
        return Misconfigured(reason)
    if status == TOO_LARGE:
        return Rejected("HTTP 413: too large")
    if status == GATEWAY_TIMEOUT:
        return Unknown(reason)  # a gateway gave up waiting; the service behind it may have taken the message
    if status >= SERVER or status in {TOO_MANY, REQUEST_TIMEOUT, TOO_EARLY}:
        return RetryLater(reason, retry_after(reply.headers))
    return Rejected(reason)


def _of_another_key(reply: Reply) -> bool:
    said = reply.text.lower()
    return reply.status < SERVER and any(each in said for each in OTHER_KEY)


def _reason(reply: Reply) -> str:
    words = " ".join(reply.text.split())[:LONGEST_WORDS]
    return f"HTTP {reply.status}: {words}" if words.isprintable() and words else f"HTTP {reply.status}"
