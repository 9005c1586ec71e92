"""The providers' webhooks: what is theirs is taken once; whatever else comes is refused or dropped, never an error."""

import asyncio
import json
import socket
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from hub.gateway.rest.webhooks import MOST_BYTES
from persistence.provider_events import provider_event
from persistence.suppressions import contact_window
from tests.conftest import make_settings
from tests.doubles.sendgrid import Mail, SendGridDouble
from tests.doubles.signed import SignedCall, post_all
from tests.doubles.twilio import TwilioDouble
from tests.doubles.whatsapp import WhatsAppDouble
from tests.notifications.told import Told
from tests.running import RunningHub

PUBLIC = "https://hub.example"
"""As providers know us: a proxy stands before the hub, which has another host, port and scheme."""
PHONE = "+50934000001"


class Providers:
    """The providers, and the hub that they call."""

    def __init__(
        self, hub: RunningHub, sendgrid: SendGridDouble, twilio: TwilioDouble, whatsapp: WhatsAppDouble
    ) -> None:
        self.hub, self.sendgrid, self.twilio, self.whatsapp = hub, sendgrid, twilio, whatsapp
        self.told = Told(hub.hub.database)

    def url(self, provider: str) -> str:
        return f"{PUBLIC}/api/v1/webhooks/{provider}"

    async def post(self, *calls: SignedCall) -> list[int]:
        return await post_all(calls, self.hub.base)

    def mail(self, delivery_id: str, kind: str, **more: Any) -> SignedCall:
        """An event of SendGrid about a delivery."""
        body = {
            "personalizations": [{"to": [{"email": "fan@example.com"}]}],
            "custom_args": {"delivery_id": delivery_id},
        }
        return self.sendgrid.call(self.url("sendgrid"), [self.sendgrid.event(Mail("m1", body), kind, **more)])

    def sms(self, delivery_id: str, status: str, code: int | None = None) -> SignedCall:
        """A status of a message that Twilio took for a delivery."""
        callback = f"{self.url('twilio')}?delivery_id={delivery_id}"
        message = {"sid": f"SM{delivery_id.replace('-', '')}", "from": "", "to": PHONE, "status_callback": callback}
        self.twilio.messages = [message]
        return self.twilio.status(message["sid"], status, code)

    def whatsapp_status(self, delivery_id: str, status: str) -> SignedCall:
        message = {"wamid": f"wamid.{delivery_id}", "to": PHONE[1:], "biz_opaque_callback_data": delivery_id}
        self.whatsapp.messages = [message]
        return self.whatsapp.status(self.url("whatsapp"), message["wamid"], status)

    async def facts(self) -> int:
        async with self.hub.hub.database.read() as connection:
            return int(await connection.scalar(select(func.count()).select_from(provider_event)) or 0)


@pytest.fixture
async def providers(database_url: str, start_hub: Any) -> Providers:
    sendgrid, twilio, whatsapp = SendGridDouble(), TwilioDouble(), WhatsAppDouble()
    settings = make_settings(
        database_url,
        public_url=PUBLIC,
        sendgrid_webhook_key=sendgrid.public_key,
        twilio_account_sid=twilio.account_sid,
        twilio_auth_token=twilio.auth_token,
        whatsapp_app_secret=whatsapp.app_secret,
        whatsapp_verify_token="a-verify-token",
    )
    hub = await start_hub(settings)
    await hub.user("fan", email="fan@example.com", phone=PHONE)
    return Providers(hub, sendgrid, twilio, whatsapp)


async def test_what_each_provider_reports_is_taken_also_behind_a_proxy(providers: Providers) -> None:
    told = providers.told
    email, sms, whatsapp = [await told.told(channel=each) for each in ("email", "sms", "whatsapp")]

    statuses = await providers.post(
        providers.mail(email, "delivered"),
        providers.sms(sms, "delivered"),
        providers.whatsapp_status(whatsapp, "delivered"),
    )

    assert statuses == [200, 204, 200]
    assert [await told.state(each) for each in (email, sms, whatsapp)] == ["delivered"] * 3


async def test_twice_replayed_and_reordered_changes_nothing(providers: Providers) -> None:
    delivery_id = await providers.told.told(channel="sms")
    sent, delivered = providers.sms(delivery_id, "sent"), providers.sms(delivery_id, "delivered")
    await providers.post(delivered, sent, delivered, sent)
    assert await providers.told.state(delivery_id) == "delivered"
    assert await providers.facts() == 2
    assert len(await providers.told.steps(delivery_id)) == 1


async def test_the_same_call_many_times_at_once_counts_once(providers: Providers) -> None:
    delivery_id = await providers.told.told()
    call = providers.mail(delivery_id, "bounce", type="bounce", reason="no such user")
    assert {status for (status,) in await asyncio.gather(*(providers.post(call) for _ in range(10)))} == {200}
    assert await providers.facts() == 1
    assert await providers.told.suppressions() == [("email", "all", "bounced")]


async def test_a_report_before_our_own_commit_is_kept(providers: Providers) -> None:
    delivery_id = await providers.told.told("sending")
    assert await providers.post(providers.mail(delivery_id, "delivered")) == [200]
    assert await providers.told.state(delivery_id) == "sending"
    assert await providers.facts() == 1


async def test_forged_calls_are_refused_and_change_nothing(providers: Providers) -> None:
    delivery_id, other = await providers.told.told(), await providers.told.told()
    mail = providers.mail(delivery_id, "delivered")
    stranger = SendGridDouble().call(mail.url, mail.body)
    forged = [
        mail.forged(delivery_id.encode(), other.encode()),
        replace(mail, headers={"Content-Type": "application/json"}),
        stranger,
        providers.sms(delivery_id, "sent").forged(b"=sent", b"=delivered"),
        providers.twilio.signed(providers.url("twilio"), {"MessageSid": "SM1"}, token="another"),
        providers.whatsapp_status(delivery_id, "sent").forged(b'"sent"', b'"read"'),
        providers.whatsapp.signed(providers.url("whatsapp"), b"{}", secret="another"),
    ]
    assert await providers.post(*forged) == [403] * len(forged)
    assert await providers.facts() == 0
    assert await providers.told.state(delivery_id) == "accepted"
    async with providers.hub.hub.database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(contact_window)) == 0


async def test_the_refusal_says_so_in_an_envelope_and_forgers_are_slowed_down(providers: Providers) -> None:
    status, answer = await providers.hub.http("POST", "/api/v1/webhooks/sendgrid", [])
    assert (status, answer["error"]["code"]) == (403, "webhook.refused")
    stranger = SendGridDouble().call(providers.url("sendgrid"), b"[]")
    statuses = await providers.post(*[stranger] * 30)
    assert set(statuses) == {403, 429}
    assert await providers.post(providers.mail(await providers.told.told(), "delivered")) == [200], (
        "the real one passes"
    )


@pytest.mark.parametrize("provider", ["sendgrid", "twilio", "whatsapp"])
async def test_without_a_key_everything_is_refused(database_url: str, start_hub: Any, provider: str) -> None:
    hub = await start_hub(make_settings(database_url))
    for double in (SendGridDouble().call("http://x/", b"[]"), WhatsAppDouble().signed("http://x/", b"{}", secret="")):
        call = replace(double, url=f"{hub.base}/api/v1/webhooks/{provider}")
        assert await call.post() == 403


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b'[1, null, "x", [], {}]',
        b'[{"event": "unheard_of", "sg_event_id": "1"}]',
        b'[{"event": "delivered"}]',
        json.dumps([{"event": "delivered", "sg_event_id": "\0", "timestamp": -1}]).encode(),
        json.dumps(
            [{"event": "open", "sg_event_id": "e1", "timestamp": 2**80, "delivery_id": 7, "reason": []}]
        ).encode(),
        json.dumps([{"event": "bounce", "sg_event_id": "x" * 9_000, "timestamp": 1, "email": "\0"}]).encode(),
    ],
)
async def test_odd_content_that_is_signed_is_no_error(providers: Providers, content: bytes) -> None:
    assert await providers.post(providers.sendgrid.call(providers.url("sendgrid"), content)) == [200]
    assert await providers.facts() == content.count(b"bounce"), "a long name is cut, and no reason to lose the fact"


@pytest.mark.parametrize("garbage", [b"", b"\xff\x00", b"{", b'"x"', b"[" * 100_000])
async def test_signed_garbage_is_refused(providers: Providers, garbage: bytes) -> None:
    (status,) = await providers.post(providers.sendgrid.call(providers.url("sendgrid"), garbage))
    assert status == 403
    (status,) = await providers.post(providers.whatsapp.signed(providers.url("whatsapp"), garbage))
    assert status == 403


@pytest.mark.parametrize("head", [b"Content-Length: %d" % (MOST_BYTES + 1), b"Transfer-Encoding: chunked"])
async def test_what_is_too_large_is_refused(providers: Providers, head: bytes) -> None:
    with socket.create_connection(providers.hub.gateway.address) as raw:
        raw.sendall(b"POST /api/v1/webhooks/sendgrid HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
        answer = await asyncio.to_thread(_send_until_answered, raw)
    assert b" 413 " in answer


def _send_until_answered(raw: socket.socket) -> bytes:
    raw.settimeout(10)
    try:
        for _ in range(2 + MOST_BYTES // 0x10000):
            raw.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
    except OSError:
        pass  # it has answered, and reads no more
    return raw.recv(200)


async def test_the_handshake_answers_metas_challenge_to_who_knows_the_token(providers: Providers) -> None:
    import aiohttp  # noqa: PLC0415

    async def shake(token: str) -> tuple[int, str]:
        query = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1158201444"}
        url = f"{providers.hub.base}/api/v1/webhooks/whatsapp"
        async with aiohttp.ClientSession() as session, session.get(url, params=query) as reply:
            return reply.status, await reply.text()

    assert await shake("a-verify-token") == (200, "1158201444")
    status, _ = await shake("another")
    assert status == 403
