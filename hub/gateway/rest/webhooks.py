"""What providers call: reports of deliveries, and what people write to us by SMS or WhatsApp.

Outside the table of routes: whoever calls shows a signature instead of a token, over bytes that nobody has touched, and
is answered with what that provider understands instead of an envelope. Facts are stored before the answer, so that a
provider calls again when they could not be. Signed content that is odd is dropped and answered 200: sending it again
would not make it better.
"""

from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiohttp import web
from prometheus_client import Counter

from hub.channels import sendgrid_webhook, twilio_webhook, whatsapp_webhook
from hub.channels.base import Fact, Inbound, Report
from hub.channels.webhooks import WebhookRefused as Refused
from hub.chat.sender import SendMessage
from hub.errors import Draining, HubError, RequestInvalid, RequestTooLarge, WebhookRefused
from hub.gateway.addresses import TrustedProxies
from hub.gateway.fields import BODY_BYTES
from hub.gateway.ratelimit import Rule
from hub.gateway.seldom import Seldom
from hub.gateway.services import Services
from hub.notifications.replies import Replies, Reply
from hub.notifications.reports import Reports

log = structlog.get_logger()

MOST_BYTES = 1_048_576
"""SendGrid gathers events up to some 768 KB into one call; the others send a few kilobytes."""
FORGERIES = Rule("webhooks_refused", per_second=1, burst=20)
"""Calls from one address whose signature was wrong."""
PATH = "/api/v1/webhooks"
calls = Counter("hub_webhooks_total", "Calls of providers", ["provider", "outcome"])

Read = Callable[[web.Request, bytes], Sequence[Fact]]
"""Verifies a call and gives what it says. Raises `Refused`."""


class Webhooks:
    """Answers the providers."""

    def __init__(self, services: Services, reports: Reports, replies: Replies) -> None:
        self._hub = services
        self._settings = services.settings
        self._reports = reports
        self._replies = replies
        self._proxies = TrustedProxies(services.settings.trusted_proxies)
        self._refusals = Seldom("webhook.refused")

    def attach(self, app: web.Application) -> None:
        """Adds the addresses that providers are given."""
        app.router.add_post(f"{PATH}/sendgrid", self._answer("sendgrid", self._of_sendgrid))
        app.router.add_post(f"{PATH}/twilio", self._answer("twilio", self._of_twilio))
        app.router.add_post(f"{PATH}/whatsapp", self._answer("whatsapp", self._of_whatsapp))
        app.router.add_get(f"{PATH}/whatsapp", self._handshake)

    def _answer(self, provider: str, read: Read) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            raw = await _body(request)
            try:
                facts = read(request, raw)
            except Refused as refused:
                raise await self._refuse(request, provider, refused.reason) from None
            await self._reports.take([fact for fact in facts if isinstance(fact, Report)])
            for fact in facts:
                if isinstance(fact, Inbound):
                    await self._take(fact)
            calls.labels(provider, "taken").inc()
            # Twilio takes a body for instructions; no body is none (https://www.twilio.com/docs/messaging/twiml).
            return web.Response(status=204 if provider == "twilio" else 200)

        return answer

    async def _take(self, written: Inbound) -> None:
        reply = await self._replies.take(written)
        wish = None if reply is None else _wish(reply)
        if wish is None:
            return
        try:
            await self._hub.sender.send(wish)
        except Draining:  # another process will take it: the provider calls again
            raise
        except HubError as error:  # closed, left, too fast: there is nobody to tell, and again would be the same
            log.info("inbound.not_sent", code=error.code, conversation_id=wish.conversation_id)

    async def _handshake(self, request: web.Request) -> web.Response:
        token = self._settings.whatsapp_verify_token.get_secret_value()
        try:
            return web.Response(text=whatsapp_webhook.handshake(request.query, token))
        except Refused as refused:
            raise await self._refuse(request, "whatsapp", refused.reason) from None

    async def _refuse(self, request: web.Request, provider: str, reason: str) -> HubError:
        """The answer to a call that is not the provider's; RateLimited to who makes many of them."""
        calls.labels(provider, "refused").inc()
        self._refusals.say(provider=provider, reason=reason)
        try:
            await self._hub.limiter.take(FORGERIES, self._proxies.client(request))
        except HubError as limited:
            return limited
        return WebhookRefused()

    def _of_sendgrid(self, request: web.Request, raw: bytes) -> Sequence[Fact]:
        sendgrid_webhook.verify(raw, request.headers, self._settings.sendgrid_webhook_key, self._hub.clock.now())
        return sendgrid_webhook.facts(raw)

    def _of_twilio(self, request: web.Request, raw: bytes) -> Sequence[Fact]:
        fields = twilio_webhook.form(raw)
        secret = self._settings.twilio_auth_token.get_secret_value()
        twilio_webhook.verify(self._settings.public_url, request.raw_path, fields, request.headers, secret)
        return twilio_webhook.facts(fields, request.query, self._hub.clock.now())

    def _of_whatsapp(self, request: web.Request, raw: bytes) -> Sequence[Fact]:
        whatsapp_webhook.verify(raw, request.headers, self._settings.whatsapp_app_secret.get_secret_value())
        return whatsapp_webhook.facts(raw)


async def _body(request: web.Request) -> bytes:
    """The bytes as they came. Raises RequestTooLarge before reading on, RequestInvalid when they break off."""
    if (request.content_length or 0) > MOST_BYTES:
        raise RequestTooLarge({"limit": MOST_BYTES})
    raw = bytearray()
    try:
        async for chunk in request.content.iter_any():
            raw += chunk
            if len(raw) > MOST_BYTES:
                raise RequestTooLarge({"limit": MOST_BYTES})
    except (web.RequestPayloadError, ConnectionError) as error:
        raise RequestInvalid({"reason": f"the body could not be read: {type(error).__name__}"}) from None
    return bytes(raw)


def _wish(reply: Reply) -> SendMessage | None:
    """The message, cut to what a message may hold; None when nothing is left of it."""
    text = reply.text.replace("\0", "").encode(errors="ignore")[:BODY_BYTES].decode(errors="ignore").strip()
    if not text:
        return None
    return SendMessage(
        conversation_id=reply.conversation_id,
        sender_id=reply.user_id,
        client_message_id=reply.client_message_id,
        body=text,
    )
