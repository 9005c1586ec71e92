"""What WhatsApp's errors mean for a delivery.

Codes: https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes; Meta asks to go by
the code, not by the title.
"""

from hub.channels.base import Gone, Misconfigured, Outcome, Rejected, RetryLater
from hub.channels.http_outcomes import by_status

WINDOW_CLOSED = 131047

GONE = {131026: "undeliverable"}
"""Not a WhatsApp number, or one that cannot receive from businesses. Their next message to us proves otherwise."""

REJECTED = {
    100: "invalid parameter",
    130472: "WhatsApp holds it back in an experiment",
    131008: "parameter missing",
    131009: "parameter value not valid",
    131021: "to our own number",
    131030: "not among the test numbers",
    WINDOW_CLOSED: "window_closed",
    131049: "WhatsApp chose not to deliver it",
    131050: "stopped marketing messages",
    131051: "message type not supported",
    132000: "wrong number of template parameters",
    132001: "template_unknown",
    132005: "template text too long",
    132007: "template against policy",
    132012: "template parameters do not fit",
    132015: "template paused",
    132016: "template disabled",
}

MISCONFIGURED = {
    0: "cannot authenticate",
    3: "app lacks the capability",
    10: "permission denied",
    33: "our number was deleted",
    190: "access token expired",
    368: "account blocked for policy violations",
    131005: "access denied",
    131031: "account locked",
    131042: "payment method missing",
    131045: "our number is not registered",
    133010: "our number is not registered",
}

RETRY = {
    1: "unknown error at Meta",
    2: "service unavailable",
    4: "too many calls of the app",
    80007: "account's rate limit",
    130429: "throughput limit",
    131000: "something went wrong at Meta",
    131016: "service unavailable",
    131048: "spam rate limit",
    131056: "pair rate limit",
    131057: "account in maintenance",
    133004: "server unavailable",
}

PERMISSIONS = range(200, 300)
"""API permission missing or revoked."""
PAIR_SECONDS = 6.0
"""One message in 6 s to the same person (131056)."""


def outcome(status: int, code: int | None, text: str, after_seconds: float | None) -> Outcome:
    """Of a refused request: by Meta's code, and by the HTTP status where the code is not in the tables."""
    if code in GONE:
        return Gone(f"{GONE[code]} ({code})")
    if code in REJECTED:
        return Rejected(why(code))
    if code in MISCONFIGURED:
        return Misconfigured(f"{MISCONFIGURED[code]} ({code})")
    if code in PERMISSIONS:
        return Misconfigured(f"permission missing ({code})")
    if code in RETRY:
        pair = PAIR_SECONDS if code == 131056 else None  # noqa: PLR2004  (named above)
        return RetryLater(f"{RETRY[code]} ({code})", after_seconds or pair, address_only=pair is not None)
    return by_status(status, code, text, after_seconds)


def permanent(code: int | None) -> bool:
    """Whether a failure that is reported later says that the number is dead for us."""
    return code in GONE


def why(code: int | None) -> str:
    """A failure's code in words; `window_closed` and `template_unknown` stand alone, because code acts on them."""
    for table in (GONE, REJECTED, MISCONFIGURED, RETRY):
        if code in table:
            words = table[code]
            return words if "_" in words else f"{words} ({code})"
    return str(code or "")
