"""What Twilio's errors mean for a delivery. Codes and their meaning: https://www.twilio.com/docs/api/errors/<code>."""

from hub.channels.base import Gone, Misconfigured, Outcome, Rejected, RetryLater
from hub.channels.http_outcomes import by_status

GONE = {
    21211: "invalid number",
    21214: "number cannot be reached",
    21217: "invalid number",
    21265: "a short code cannot be written to",
    21610: "opted out with STOP",
    21614: "not a mobile number",
    21635: "a landline",
    30005: "unknown or inactive number",
    30006: "a landline or unreachable carrier",
    63003: "not a WhatsApp number",
    63024: "not a WhatsApp number",
}
"""The number takes no SMS (or WhatsApp), whatever is sent. 21610 ends when the person writes START."""

OPTED_OUT = frozenset({21610, 63014})
"""The person said so: by STOP, or by blocking us on WhatsApp."""

REJECTED = {
    21266: "to our own number",
    21408: "SMS to that region is not enabled in Twilio",
    21602: "empty body",
    21612: "no route from our number to theirs",
    21617: "longer than 1,600 characters",
    21656: "content variables do not fit the template",
    30004: "blocked",
    30007: "filtered by the carrier",
    63013: "against the channel's policy",
    63014: "blocked by the person",
    63016: "window_closed",
    63032: "WhatsApp holds it back in an experiment",
    63049: "WhatsApp chose not to deliver it",
}
"""This message does not go out; another may, or by another way."""

MISCONFIGURED = {
    20003: "wrong account SID or token",
    20005: "account not active",
    20006: "access denied",
    20404: "no such account or sender",
    21606: "our number cannot send this",
    21608: "trial account: number not verified",
    21609: "status callback URL is refused: check HUB_PUBLIC_URL",
    21659: "our sender is not a Twilio number",
    21660: "our sender belongs to another account",
    21703: "the messaging service has no senders",
    21705: "no such messaging service",
    30002: "account suspended",
    63007: "no such WhatsApp sender",
    63010: "WhatsApp sender not set up",
}
"""Nothing goes out until an operator acts."""

RETRY = {
    14107: "SMS rate limit",
    20429: "too many requests",
    21611: "the queue of our number is full",
    30001: "queue overflow",
    63018: "WhatsApp rate limit",
}

PASSING = {30003: "phone unreachable", 30008: "unknown error"}
"""Reported later, and perhaps not so with the next message."""


def outcome(status: int, code: int | None, text: str, after_seconds: float | None) -> Outcome:
    """Of a refused request: by Twilio's code, and by the HTTP status where the code is not in the tables.

    `text` is Twilio's own explanation; `after_seconds` what its Retry-After header said.
    """
    if code in GONE:
        return Gone(f"{GONE[code]} ({code})")
    if code in REJECTED:
        return Rejected(why(code))
    if code in MISCONFIGURED:
        return Misconfigured(f"{MISCONFIGURED[code]} ({code})")
    if code in RETRY:
        return RetryLater(f"{RETRY[code]} ({code})", after_seconds)
    return by_status(status, code, text, after_seconds)


def permanent(code: int | None) -> bool:
    """Whether a failure that Twilio reports later says that the number is dead for us.

    30003 is not: the phone may be switched off.
    """
    return code in GONE or code in OPTED_OUT


def why(code: int | None) -> str:
    """A failure's code in words; `window_closed` stands alone, because code acts on it."""
    for table in (GONE, REJECTED, MISCONFIGURED, RETRY, PASSING):
        if code in table:
            words = table[code]
            return words if "_" in words else f"{words} ({code})"
    return str(code or "")
