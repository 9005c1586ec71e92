"""The sandbox: keeps what would have been sent, to be looked at. Serves where no provider is configured."""

from collections.abc import Mapping
from typing import Any

import msgspec

from hub.channels.base import Accepted, Channel, Email, Go, Message, NotWanted, Outcome, Push, Rejected, Sms, WhatsApp
from hub.channels.sms_length import cost_micros, measure
from hub.settings import Settings
from persistence import captured
from persistence.uow import Database

LONGEST_SUBJECT = 300
KINDS: Mapping[Channel, type[Message]] = {"email": Email, "sms": Sms, "whatsapp": WhatsApp, "push": Push}


class CaptureSender:
    """Writes every message to a table instead of to the world."""

    provider = "sandbox"
    repeatable = True
    reports = False

    def __init__(self, database: Database, channel: Channel, settings: Settings) -> None:
        self.channel = channel
        self._database = database
        self._segment_micros = settings.twilio_sms_cost_micros

    async def send(self, message: Message, go: Go) -> Outcome:
        """Keeps `message`, once for each delivery."""
        if not isinstance(message, KINDS[self.channel]):
            raise TypeError(f"{type(message).__name__} is not of the channel {self.channel}")
        try:
            values = self._shown(message)
            _check(message.to, *values.values())
        except ValueError as error:
            return Rejected(f"cannot be kept: {error}"[:200])
        if not await go():
            return NotWanted()
        async with self._database.begin() as tx:
            await captured.keep(
                tx.connection,
                {
                    "delivery_id": message.delivery_id,
                    "notification_id": message.notification_id,
                    "user_id": message.user_id,
                    "channel": self.channel,
                    "recipient": message.to,
                    "at": tx.now,
                    **values,
                },
            )
        return Accepted(provider_id=f"captured:{message.delivery_id}", provider=self.provider)

    async def ask(self, message: Message) -> Outcome | None:
        """Unknown: sending again does no harm here."""
        del message
        return None

    async def close(self) -> None:
        """Has no connections of its own."""

    def _shown(self, message: Message) -> dict[str, Any]:
        match message:
            case Email():
                return _row(message.text, subject=message.subject, html=message.html)
            case Sms():
                return _row(message.text, details=self._sms(message.text))
            case WhatsApp():
                return _row(message.text, details=_whatsapp(message))
            case Push():
                return _push(message)

    def _sms(self, text: str) -> dict[str, Any]:
        length = measure(text)
        return {
            "encoding": length.encoding,
            "characters": length.characters,
            "segments": length.segments,
            "cost_micros": cost_micros(text, self._segment_micros),
        }


def _check(*values: str | None) -> None:
    """ValueError for what PostgreSQL cannot store: NUL, and half a surrogate pair (a UnicodeEncodeError)."""
    for each in values:
        if each is not None and b"\0" in each.encode():
            raise ValueError("NUL in a text")


def _row(
    text: str, *, subject: str | None = None, html: str | None = None, details: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "subject": None if subject is None else subject[:LONGEST_SUBJECT],
        "text": text,
        "html": html,
        "details": msgspec.json.encode(details or {}).decode(),
    }


def _whatsapp(message: WhatsApp) -> dict[str, Any]:
    if message.template is None:
        return {}
    template = message.template
    return {"template": template.name, "language": template.language, "parameters": list(template.parameters)}


def _push(message: Push) -> dict[str, Any]:
    """As the service worker shows it; a payload that is no JSON of ours is kept as it is."""
    try:
        payload = msgspec.json.decode(message.payload, type=dict[str, Any])
    except msgspec.DecodeError:
        payload = {"body": message.payload.decode("utf-8", "replace")}
    title, body = str(payload.get("title", "")), str(payload.get("body", ""))
    details = {
        "title": title,
        "body": body,
        "url": payload.get("url"),
        "topic": message.topic,
        "urgency": message.urgency,
        "ttl_seconds": message.ttl_seconds,
    }
    return _row(body, subject=title, details=details)
