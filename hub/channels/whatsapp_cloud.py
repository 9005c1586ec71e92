"""WhatsApp through Meta's Cloud API.

https://developers.facebook.com/documentation/business-messaging/whatsapp/reference/whatsapp-business-phone-number/message-api
"""

from typing import Annotated, Any, Literal

import msgspec

from hub.channels.base import (
    Accepted,
    Go,
    Message,
    NotWanted,
    Outcome,
    Rejected,
    RetryLater,
    Unknown,
    WhatsApp,
    WhatsAppTemplate,
)
from hub.channels.http_pool import AnswerLost, HttpPool, NotSent, Reply, retry_after
from hub.channels.whatsapp_outcomes import outcome
from hub.settings import Settings

WAMID = r"^[!-~]{1,180}\Z"
"""How Meta names a message; nothing is promised of it but that it is text."""


class WhatsAppCloudSender:
    """Sends texts inside the 24 h window and templates outside it; Meta cannot be asked what became of one."""

    channel: Literal["whatsapp"] = "whatsapp"
    provider = "whatsapp"
    repeatable = False
    reports = True

    def __init__(self, settings: Settings) -> None:
        self._pool = HttpPool(settings.whatsapp_timeout_seconds)
        self._url = f"{settings.whatsapp_base_url.rstrip('/')}/{settings.whatsapp_phone_number_id}/messages"
        self._headers = {
            "Authorization": f"Bearer {settings.whatsapp_token.get_secret_value()}",
            "Content-Type": "application/json",
        }

    async def send(self, message: Message, go: Go) -> Outcome:
        """Hands `message` to Meta."""
        if not isinstance(message, WhatsApp):
            raise TypeError(f"no WhatsApp message: {type(message).__name__}")
        try:
            body = msgspec.json.encode(_body(message))
        except UnicodeEncodeError:
            return Rejected("cannot be written as UTF-8")
        if not await go():
            return NotWanted()
        try:
            return _read(await self._pool.request("POST", self._url, headers=self._headers, data=body))
        except NotSent as error:
            return RetryLater(f"not sent: {error}")
        except AnswerLost as error:
            return Unknown(str(error))

    async def ask(self, message: Message) -> Outcome | None:  # noqa: ARG002  (see Sender)
        """None: nothing lists what was sent. The webhook tells, when it comes: it carries the delivery's id."""
        return None

    async def close(self) -> None:
        """See Sender."""
        await self._pool.close()


def _body(message: WhatsApp) -> dict[str, Any]:
    content: dict[str, Any] = (
        {"type": "text", "text": {"body": message.text, "preview_url": False}}
        if message.template is None
        else {"type": "template", "template": _template(message.template)}
    )
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.to.removeprefix("+"),
        "biz_opaque_callback_data": message.delivery_id,
        **content,
    }


def _template(template: WhatsAppTemplate) -> dict[str, Any]:
    """Parameters may hold no line break and no run of spaces: Meta refuses those (132018)."""
    values = [{"type": "text", "text": " ".join(each.split())} for each in template.parameters]
    return {
        "name": template.name,
        "language": {"code": template.language, "policy": "deterministic"},
        "components": [{"type": "body", "parameters": values}] if values else [],
    }


class _Sent(msgspec.Struct):
    id: Annotated[str, msgspec.Meta(pattern=WAMID)]


class _Taken(msgspec.Struct):
    messages: list[_Sent]


class _Error(msgspec.Struct):
    code: int | None = None
    message: str = ""


class _Refusal(msgspec.Struct):
    error: _Error


def _read(reply: Reply) -> Outcome:
    if reply.ok:
        try:
            return Accepted(provider_id=msgspec.json.decode(reply.text, type=_Taken).messages[0].id)
        except (msgspec.DecodeError, IndexError, RecursionError):
            return Unknown("answer not understood")
    try:
        error = msgspec.json.decode(reply.text, type=_Refusal).error
    except (msgspec.DecodeError, RecursionError):
        error = _Error()
    return outcome(reply.status, error.code, error.message, retry_after(reply.headers))
