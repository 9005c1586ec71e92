"""WhatsApp through Twilio (https://www.twilio.com/docs/whatsapp/api): the Messages API with `whatsapp:` addresses."""

import json
from typing import Literal

from hub.channels.base import Go, Message, NotWanted, Outcome, Rejected, RetryLater, WhatsApp
from hub.channels.twilio_client import TwilioMessages
from hub.clock import Clock
from hub.settings import Settings


class TwilioWhatsAppSender:
    """Sends texts inside the 24 h window, and approved content templates outside it."""

    channel: Literal["whatsapp"] = "whatsapp"
    provider = "twilio"
    repeatable = False
    reports = True

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._messages = TwilioMessages(settings, clock)
        self._from = f"whatsapp:{settings.twilio_whatsapp_from}"
        self._templates = settings.twilio_whatsapp_templates

    async def send(self, message: Message, go: Go) -> Outcome:
        """Hands `message` to Twilio; Rejected when its template has no content SID in the settings."""
        if not isinstance(message, WhatsApp):
            raise TypeError(f"no WhatsApp message: {type(message).__name__}")
        fields = self._fields(message)
        if fields is None:
            return Rejected("template_unknown")
        if not await go():
            return NotWanted()
        return await self._messages.create(message.delivery_id, to=f"whatsapp:{message.to}", from_=self._from, **fields)

    def _fields(self, message: WhatsApp) -> dict[str, str] | None:
        template = message.template
        if template is None:
            return {"body": message.text}
        content = self._templates.get(f"{template.name}.{template.language}")
        if content is None:
            return None
        values = {str(number): " ".join(value.split()) for number, value in enumerate(template.parameters, 1)}
        return {"content_sid": content, "content_variables": json.dumps(values)}

    async def ask(self, message: Message) -> Outcome | None:
        """Looks for the text among the messages of the last minutes; a template's text may differ, so it is unsure."""
        if not isinstance(message, WhatsApp):
            return None
        found = await self._messages.find(f"whatsapp:{message.to}", message.text)
        return None if message.template is not None and isinstance(found, RetryLater) else found

    async def close(self) -> None:
        """See Sender."""
        await self._messages.close()
