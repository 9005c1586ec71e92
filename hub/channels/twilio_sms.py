"""SMS through Twilio (https://www.twilio.com/docs/messaging/api/message-resource)."""

from typing import Literal

from hub.channels.base import Go, Message, NotWanted, Outcome, Sms
from hub.channels.twilio_client import TwilioMessages
from hub.clock import Clock
from hub.settings import Settings


class TwilioSmsSender:
    """Sends SMS from our number, or from a messaging service, which chooses among its numbers."""

    channel: Literal["sms"] = "sms"
    provider = "twilio"
    repeatable = False
    reports = True

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._messages = TwilioMessages(settings, clock)
        service = settings.twilio_sms_from.startswith("MG")
        self._from = {"messaging_service_sid" if service else "from_": settings.twilio_sms_from}

    async def send(self, message: Message, go: Go) -> Outcome:
        """Hands `message` to Twilio."""
        if not isinstance(message, Sms):
            raise TypeError(f"no SMS: {type(message).__name__}")
        if not await go():
            return NotWanted()
        return await self._messages.create(message.delivery_id, to=message.to, body=message.text, **self._from)

    async def ask(self, message: Message) -> Outcome | None:
        """Looks for the text among the messages of the last minutes to that number."""
        return await self._messages.find(message.to, message.text) if isinstance(message, Sms) else None

    async def close(self) -> None:
        """See Sender."""
        await self._messages.close()
