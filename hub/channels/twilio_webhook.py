"""Twilio's webhooks: what became of a message, and what people write to us.

https://www.twilio.com/docs/usage/webhooks/webhooks-security (signature),
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks,
https://www.twilio.com/docs/messaging/guides/webhook-request (inbound).
"""

import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qsl
from uuid import UUID

from multidict import MultiDict
from twilio.request_validator import RequestValidator

from hub.channels.base import Channel, Fact, Headers, Inbound, Report
from hub.channels.twilio_outcomes import OPTED_OUT, permanent, why
from hub.channels.webhooks import WebhookRefused

SIGNATURE = "X-Twilio-Signature"
MOST_FIELDS = 200
SID = re.compile(r"[A-Za-z0-9]{1,64}")
"""34 characters today."""
LONGEST_CODE = 9

Kind = Literal["accepted", "delivered", "failed", "seen"]
KINDS: dict[str, Kind] = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), "accepted"),
    "delivered": "delivered",
    "read": "seen",
    **dict.fromkeys(("undelivered", "failed", "canceled"), "failed"),
}
"""Statuses of a message that we sent. `sent` means that a carrier took it; `read` comes from WhatsApp alone."""


def form(raw: bytes) -> MultiDict[str]:
    """The fields of a webhook's body; WebhookRefused when it is no form."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise WebhookRefused("no form") from error
    return MultiDict(pairs)


def verify(public_url: str, path_and_query: str, fields: MultiDict[str], headers: Headers, auth_token: str) -> None:
    """Raises WebhookRefused unless Twilio signed this request.

    Twilio signs the URL that it calls. Behind a proxy ours has another scheme, host or port, and what the proxy says of
    that can be forged: so it is made of the `public_url` setting and of the path with its query, byte for byte as it
    came. There is no time in it: a replay is a duplicate, and is known by its id.
    """
    if not auth_token:
        raise WebhookRefused("no auth token is set")
    signature = next((value for name, value in headers.items() if name.lower() == SIGNATURE.lower()), "")
    if not signature:
        raise WebhookRefused("not signed")
    url = public_url.rstrip("/") + path_and_query
    if not RequestValidator(auth_token).validate(url, fields, signature):
        raise WebhookRefused("wrong signature")


def facts(fields: Mapping[str, str], query: Mapping[str, str], now: int) -> list[Fact]:
    """What a verified webhook says, with `now` (ms since the epoch) as its time: Twilio sends none.

    `query` holds the `delivery_id` that we put into the callback URL. What is neither a status nor a message gives [].
    """
    sid = fields.get("MessageSid") or fields.get("SmsSid") or ""
    if not SID.fullmatch(sid):
        return []
    status = fields.get("MessageStatus") or fields.get("SmsStatus") or ""
    if status == "received" or (not status and "Body" in fields):
        return _inbound(sid, fields, now)
    return _reports(sid, status, fields, query, now)


def _reports(sid: str, status: str, fields: Mapping[str, str], query: Mapping[str, str], now: int) -> list[Fact]:
    kind = KINDS.get(status)
    if kind is None:
        return []
    code = _code(fields.get("ErrorCode", ""))
    report = Report(
        provider="twilio",
        external_id=f"{sid}:{status}",
        kind=kind,
        delivery_id=_uuid(query.get("delivery_id", "")),
        provider_id=sid,
        address=_number(fields.get("To", "")) or None,
        reason=why(code) if kind == "failed" else "",
        permanent=kind == "failed" and permanent(code),
        at=now,
    )
    if kind == "failed" and code in OPTED_OUT:
        return [report, _left(report)]
    return [report]


def _left(report: Report) -> Report:
    return Report(
        provider=report.provider,
        external_id=f"{report.provider_id}:unsubscribed",
        kind="unsubscribed",
        delivery_id=report.delivery_id,
        provider_id=report.provider_id,
        address=report.address,
        reason=report.reason,
        at=report.at,
    )


def _inbound(sid: str, fields: Mapping[str, str], now: int) -> list[Fact]:
    """A text, or the text of a button; a picture alone has an empty one.

    OptOutType is there when Twilio itself took the text for a word of leaving or coming back, also for one that only
    the operator has set up there: STOP, START or HELP (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out).
    """
    sender = fields.get("From", "")
    channel: Channel = "whatsapp" if sender.startswith("whatsapp:") else "sms"
    if not _number(sender):
        return []
    return [
        Inbound(
            provider="twilio",
            external_id=sid,
            channel=channel,
            sender=_number(sender),
            text=fields.get("OptOutType") or fields.get("Body", ""),
            reply_to=_sid(fields.get("OriginalRepliedMessageSid", "")),
            at=now,
        )
    ]


def _sid(text: str) -> str | None:
    return text if SID.fullmatch(text) else None


def _number(address: str) -> str:
    """The E.164 of `+1…` or `whatsapp:+1…`; empty for short codes and names, which nobody answers from."""
    number = address.removeprefix("whatsapp:").strip()
    return number if number.startswith("+") and number[1:].isdigit() else ""


def _code(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_CODE else None


def _uuid(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None
