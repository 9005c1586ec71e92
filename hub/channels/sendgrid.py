"""E-mail through SendGrid's v3 API, `POST /v3/mail/send`.

The body is made by the vendor's own mail objects (20 µs a message). Its HTTP client is left alone: it blocks, and has
no time-out. SendGrid keeps no key against repeats, so a message whose answer got lost cannot be asked for; its event
webhook tells (`sendgrid_webhook.py`).
"""

from email.utils import parseaddr
from typing import Any

import msgspec
from sendgrid.helpers.mail import (
    Category,
    CustomArg,
    From,
    Header,
    HtmlContent,
    Mail,
    PlainTextContent,
    Subject,
    To,
)
from sendgrid.helpers.mail.exceptions import ApiKeyIncludedException

from hub.channels.base import (
    Accepted,
    Channel,
    Email,
    Go,
    Message,
    Misconfigured,
    NotWanted,
    Outcome,
    Rejected,
    RetryLater,
    Unknown,
)
from hub.channels.http_pool import AnswerLost, HttpPool, NotSent, Reply, retry_after
from hub.channels.mail_headers import ascii_address, extra_headers, one_line
from hub.clock import Clock, SystemClock
from hub.settings import Settings

REASON_CHARACTERS = 200
LONGEST_PAUSE_SECONDS = 3600.0
"""Who asks for more is asked again after this."""
ACCEPTED, GATEWAY_TIMEOUT, SERVER_ERROR, TOO_MANY, TIMEOUT = 202, 504, 500, 429, 408
REFUSES_US = (301, 302, 303, 307, 308, 401, 402, 403, 404, 405)
"""Wrong key, no credit, a sender that is not verified; or, with the rest, a base URL that is not SendGrid's."""


class SendGridSender:
    """Sends e-mails over pooled connections."""

    channel: Channel = "email"
    provider = "sendgrid"
    repeatable = False
    reports = True

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._pool = HttpPool(settings.sendgrid_timeout_seconds)
        self._url = f"{settings.sendgrid_base_url.rstrip('/')}/v3/mail/send"
        self._headers = {
            "Authorization": f"Bearer {settings.sendgrid_api_key.get_secret_value()}",
            "Content-Type": "application/json",
        }
        name, address = parseaddr(settings.smtp_from)
        self._from = From(address, name or None)

    async def send(self, message: Message, go: Go) -> Outcome:
        """Hands `message` to SendGrid."""
        if not isinstance(message, Email):
            raise TypeError(f"an e-mail is sent here, not {type(message).__name__}")
        try:
            body = msgspec.json.encode(self.compose(message))
        except (ValueError, ApiKeyIncludedException) as error:
            return Rejected(f"cannot be written as an e-mail: {error}"[:REASON_CHARACTERS])
        if not await go():
            return NotWanted()
        return await self._post(body)

    async def ask(self, message: Message) -> Outcome | None:  # noqa: ARG002  (the protocol's argument)
        """None: SendGrid's API finds no message by our id."""
        return None

    async def close(self) -> None:
        """See Sender."""
        await self._pool.close()

    async def _post(self, body: bytes) -> Outcome:
        try:
            reply = await self._pool.request("POST", self._url, headers=self._headers, data=body)
        except NotSent as error:
            return RetryLater(f"not sent: {error}")
        except AnswerLost as error:
            return Unknown(str(error), provider=self.provider)
        if reply.status == ACCEPTED:
            return Accepted(provider_id=reply.headers.get("X-Message-Id", "")[:200] or None, provider=self.provider)
        return self._refusal(reply)

    def _refusal(self, reply: Reply) -> Outcome:
        """By the status, as SendGrid lists them; a gateway's time-out says nothing about what stands behind it."""
        status, reason = reply.status, _reason(reply)
        if reply.ok or status == GATEWAY_TIMEOUT:  # a success that is not 202 is none of SendGrid's
            return Unknown(reason, provider=self.provider)
        if status in REFUSES_US:
            return Misconfigured(reason)
        if status in (TOO_MANY, TIMEOUT) or status >= SERVER_ERROR:
            return RetryLater(reason, self._pause(reply))
        return Rejected(reason)

    def _pause(self, reply: Reply) -> float | None:
        """Seconds until it can be asked again. X-RateLimit-Reset is in seconds since the epoch, on every answer."""
        after = retry_after(reply.headers)
        reset = reply.headers.get("X-RateLimit-Reset", "")
        if after is None and reply.status == TOO_MANY and reset.isdecimal():
            after = max(float(reset[:12]) - self._clock.now() / 1000, 0.0)
        return None if after is None else min(after, LONGEST_PAUSE_SECONDS)

    def compose(self, message: Email) -> dict[str, Any]:
        """The request's body. ValueError for an address or a header that cannot be written."""
        to = To()
        to.email = ascii_address(message.to)  # its constructor would take `name <address>` apart
        mail = Mail(
            from_email=self._from,
            to_emails=to,
            subject=Subject(one_line(message.subject)),
            plain_text_content=PlainTextContent(message.text),
            html_content=HtmlContent(message.html),
        )
        mail.add_custom_arg(CustomArg("delivery_id", message.delivery_id))
        mail.add_custom_arg(CustomArg("notification_id", message.notification_id))
        if message.category:
            mail.add_category(Category(message.category))
        for name, value in extra_headers(message):
            mail.add_header(Header(name, value))
        body: dict[str, Any] = mail.get()
        return body


def _reason(reply: Reply) -> str:
    """The API's own words, cut; or only the status, when the body holds none."""
    try:
        words = "; ".join(str(each["message"]) for each in msgspec.json.decode(reply.text)["errors"])
    except (ValueError, TypeError, KeyError, RecursionError):
        words = ""
    return f"HTTP {reply.status} {words}".strip()[:REASON_CHARACTERS]
