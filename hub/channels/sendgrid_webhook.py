"""SendGrid's event webhook: what became of the e-mails that it took.

Source: twilio.com/docs/sendgrid/for-developers/tracking-events/event and the page on the webhook's security features.
Events come many times over, for a day and more, and in any order; `sg_event_id` names each for ever.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hub.channels.base import Headers, Report
from hub.channels.webhooks import WebhookRefused
from hub.clock import END

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
OLDEST_MS = 24 * 3600 * 1000
"""SendGrid tries an event again for a day; that it signs each try anew is not documented."""
NEWEST_MS = 5 * 60 * 1000
"""How far its clock may be ahead of ours."""
REASON_CHARACTERS = 200
NAME_CHARACTERS = 180
"""Of ids; longer than any of SendGrid's."""
ADDRESS_CHARACTERS = 320
LONGEST_ID = 36

Kind = Literal["accepted", "delivered", "failed", "bounced", "complained", "unsubscribed", "seen", "clicked"]
KINDS: dict[str, Kind] = {
    "processed": "accepted",
    "deferred": "accepted",  # it goes on trying, for three days
    "delivered": "delivered",
    "bounce": "bounced",
    "dropped": "failed",
    "spamreport": "complained",
    "unsubscribe": "unsubscribed",
    "group_unsubscribe": "unsubscribed",
    "open": "seen",
    "click": "clicked",
}
DEAD_ADDRESS = ("bounced address", "invalid")
"""Reasons of `dropped`: SendGrid's own list of dead addresses holds this one."""
MESSAGE_ID_END = re.compile(r"\.(?:filter|recvd)")
"""What follows it in `sg_message_id` was not in the X-Message-Id that we were given."""


def verify(raw: bytes, headers: Headers, public_key: str, now_ms: int) -> None:
    """WebhookRefused unless SendGrid signed `raw` not long ago.

    `headers` must not care about case. `public_key` is base64 of a DER key, as SendGrid shows it. The window is wide
    on purpose: what keeps repeats away is the id of each event.
    """
    if not public_key:
        raise WebhookRefused("no key is configured")
    timestamp, signature = headers.get(TIMESTAMP, ""), headers.get(SIGNATURE, "")
    try:
        _key(public_key).verify(
            b64decode(signature, validate=True), timestamp.encode() + raw, ec.ECDSA(hashes.SHA256())
        )
    except InvalidSignature:
        raise WebhookRefused("the signature is wrong") from None
    except ValueError:
        raise WebhookRefused("the signature is none") from None
    if not -NEWEST_MS <= now_ms - _seconds(timestamp) * 1000 <= OLDEST_MS:
        raise WebhookRefused("the timestamp is too old or ahead of us")


@lru_cache(maxsize=4)
def _key(public_key: str) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(b64decode(public_key))
    except ValueError:
        raise WebhookRefused("the configured key is none") from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise WebhookRefused("the configured key is of another kind")
    return key


def _seconds(text: str) -> int:
    if not text.isdecimal() or len(text) > 12:  # noqa: PLR2004  (the year 30000 and beyond)
        raise WebhookRefused("the timestamp is none")
    return int(text)


def facts(raw: bytes) -> list[Report]:
    """What the events tell; those of unknown kinds tell nothing. WebhookRefused when `raw` is no JSON list."""
    try:
        events = msgspec.json.decode(raw)
        if not isinstance(events, list):
            raise WebhookRefused("the body is no list")
        return [report for event in events if isinstance(event, dict) for report in _reports(event)]
    except (ValueError, RecursionError):
        raise WebhookRefused("the body is no JSON, or nested too deeply") from None


def _reports(event: dict[str, Any]) -> Iterator[Report]:
    kind, at = KINDS.get(_text(event, "event", NAME_CHARACTERS) or ""), _at(event)
    if kind is None or at is None:
        return
    if event.get("sg_machine_open") is True:
        return  # the recipient's mail server fetched the picture: no person has seen it
    common: dict[str, Any] = {
        "provider": "sendgrid",
        "delivery_id": _delivery_id(event),
        "provider_id": _provider_id(event),
        "address": _text(event, "email", ADDRESS_CHARACTERS),
        "reason": _reason(event),
        "at": at,
    }
    name = _text(event, "sg_event_id", NAME_CHARACTERS) or _digest(event)
    kind, permanent = _judged(kind, event)
    yield Report(external_id=name, kind=kind, permanent=permanent, **common)
    if _drop_reason(event) == "unsubscribed address":  # SendGrid knows of a wish that we must know of too
        yield Report(external_id=f"{name}:unsubscribed", kind="unsubscribed", **common)


def _judged(kind: Kind, event: dict[str, Any]) -> tuple[Kind, bool]:
    """The kind on a closer look, and whether the address is dead."""
    if kind == "bounced":
        # `blocked`: the server refused this message, now, for its sender or content; the address lives
        return ("failed", False) if event.get("type") == "blocked" else ("bounced", True)
    if _drop_reason(event) in DEAD_ADDRESS:
        return "bounced", True
    if _drop_reason(event) == "spam reporting address":
        return "complained", False
    return kind, False


def _drop_reason(event: dict[str, Any]) -> str:
    return (_text(event, "reason", REASON_CHARACTERS) or "").lower() if event.get("event") == "dropped" else ""


def _reason(event: dict[str, Any]) -> str:
    words = _text(event, "reason", REASON_CHARACTERS) or _text(event, "response", REASON_CHARACTERS) or ""
    match event.get("event"):
        case "bounce":
            return words
        case "deferred" | "dropped" as kind:
            return f"{kind}: {words}"[:REASON_CHARACTERS]
    return ""


def _delivery_id(event: dict[str, Any]) -> str | None:
    """Ours, which came back as a custom argument; anything longer is not ours."""
    value = _text(event, "delivery_id", NAME_CHARACTERS)
    return value if value is not None and len(value) <= LONGEST_ID else None


def _provider_id(event: dict[str, Any]) -> str | None:
    full = _text(event, "sg_message_id", NAME_CHARACTERS)
    return MESSAGE_ID_END.split(full, maxsplit=1)[0] if full else None


def _at(event: dict[str, Any]) -> int | None:
    """`timestamp`, seconds since the epoch, in ms."""
    seconds = event.get("timestamp")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < END / 1000:
        return None
    return int(seconds * 1000)


def _text(event: dict[str, Any], name: str, most: int) -> str | None:
    """Without NUL, which PostgreSQL cannot store."""
    value = event.get(name)
    return value.replace("\0", "")[:most] or None if isinstance(value, str) else None


def _digest(event: dict[str, Any]) -> str:
    """A name for an event that has none: the same content, the same name."""
    return blake2b(msgspec.json.encode(event, order="deterministic"), digest_size=16).hexdigest()
