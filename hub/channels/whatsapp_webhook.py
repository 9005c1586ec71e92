"""WhatsApp's webhooks: what became of a message, and what people write to us.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview (handshake, signature),
…/webhooks/reference/messages/status and …/webhooks/reference/messages/text (contents).
"""

import hmac
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID

import msgspec

from hub.channels.base import Fact, Headers, Inbound, Report
from hub.channels.webhooks import WebhookRefused
from hub.channels.whatsapp_outcomes import permanent, why

SIGNATURE = "x-hub-signature-256"
CHALLENGE = re.compile(r"[A-Za-z0-9_.-]{1,200}")
WAMID = re.compile(r"[!-~]{1,180}")
"""It has some 60 characters; with its status it must fit a column of 200."""
MOST = 1_000
"""Facts taken of one webhook; Meta batches far fewer."""
LATEST = 253_402_300_799
"""Seconds since the epoch of the end of 9999."""

Kind = Literal["accepted", "delivered", "failed", "seen"]
KINDS: dict[str, Kind] = {"sent": "accepted", "delivered": "delivered", "read": "seen", "failed": "failed"}


def handshake(query: Mapping[str, str], verify_token: str) -> str:
    """The answer to Meta's GET when the webhook is set up; WebhookRefused when the token is not ours."""
    token = query.get("hub.verify_token", "")
    challenge = query.get("hub.challenge", "")
    if not verify_token or query.get("hub.mode") != "subscribe":
        raise WebhookRefused("no handshake")
    if not hmac.compare_digest(token.encode(), verify_token.encode()):
        raise WebhookRefused("wrong verify token")
    if not CHALLENGE.fullmatch(challenge):  # it is answered as it is: nothing but Meta's number shall be
        raise WebhookRefused("odd challenge")
    return challenge


def verify(raw: bytes, headers: Headers, app_secret: str) -> None:
    """Raises WebhookRefused unless `raw` was signed with the app's secret (HMAC-SHA256 of the bytes as they came)."""
    if not app_secret:
        raise WebhookRefused("no app secret is set")
    signature = next((value for name, value in headers.items() if name.lower() == SIGNATURE), "")
    if not signature:
        raise WebhookRefused("not signed")
    expected = "sha256=" + hmac.new(app_secret.encode(), raw, sha256).hexdigest()
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        raise WebhookRefused("wrong signature")


def facts(raw: bytes) -> list[Fact]:
    """What a verified webhook says; WebhookRefused when it is no JSON object, [] for kinds that are not ours."""
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise WebhookRefused("no JSON") from error
    if not isinstance(body, dict):
        raise WebhookRefused("no JSON object")
    found = [fact for value in _values(body) for fact in _of(value)]
    return found[:MOST]


def _values(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for entry in _dicts(body.get("entry")):
        for change in _dicts(entry.get("changes")):
            if isinstance(value := change.get("value"), dict):
                yield value


def _of(value: dict[str, Any]) -> Iterator[Fact]:
    for status in _dicts(value.get("statuses")):
        yield from _report(status)
    for message in _dicts(value.get("messages")):
        yield from _inbound(message)


def _report(status: dict[str, Any]) -> Iterator[Report]:
    kind = KINDS.get(_text(status.get("status")))
    wamid, at = _text(status.get("id")), _millis(status.get("timestamp"))
    if kind is None or at is None or not WAMID.fullmatch(wamid):
        return
    code = next((each.get("code") for each in _dicts(status.get("errors"))), None)
    number = code if isinstance(code, int) else None
    yield Report(
        provider="whatsapp",
        external_id=f"{wamid}:{status['status']}",
        kind=kind,
        delivery_id=_uuid(status.get("biz_opaque_callback_data")),
        provider_id=wamid,
        address=_number(status.get("recipient_id")),
        reason=why(number) if kind == "failed" else "",
        permanent=kind == "failed" and permanent(number),
        at=at,
    )


def _inbound(message: dict[str, Any]) -> Iterator[Inbound]:
    wamid, at = _text(message.get("id")), _millis(message.get("timestamp"))
    sender = _number(message.get("from"))
    # a reaction answers nothing, and "system" is WhatsApp's own word about a changed number
    if at is None or sender is None or not WAMID.fullmatch(wamid):
        return
    if message.get("type") in {"reaction", "system"}:
        return
    yield Inbound(
        provider="whatsapp",
        external_id=wamid,
        channel="whatsapp",
        sender=sender,
        text=_said(message),
        reply_to=_wamid(_dict(message.get("context")).get("id")),
        at=at,
    )


def _said(message: dict[str, Any]) -> str:
    """The text, the button's or list entry's title, or a picture's caption; empty for what says nothing in letters."""
    kind = _text(message.get("type"))
    content = _dict(message.get(kind))
    if kind == "text":
        return _text(content.get("body"))
    if kind == "button":
        return _text(content.get("text"))
    if kind == "interactive":
        return _text(_dict(content.get(_text(content.get("type")))).get("title"))
    return _text(content.get("caption"))


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _wamid(value: object) -> str | None:
    text = _text(value)
    return text if WAMID.fullmatch(text) else None


def _number(value: object) -> str | None:
    """E.164 of WhatsApp's digits."""
    digits = _text(value)
    return f"+{digits}" if digits.isascii() and digits.isdigit() and len(digits) <= 20 else None  # noqa: PLR2004


def _millis(value: object) -> int | None:
    """Meta's seconds, which come as text."""
    text = str(value) if isinstance(value, int) else _text(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 12):  # noqa: PLR2004  (as many as LATEST has)
        return None
    return int(text) * 1000 if int(text) <= LATEST else None


def _uuid(value: object) -> str | None:
    try:
        return str(UUID(_text(value)))
    except ValueError:
        return None
