"""Twilio's webhooks: signed by a double from Twilio's description, verified by the hub with Twilio's SDK."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict

from hub.channels import twilio_webhook
from hub.channels.base import Fact, Inbound, Report
from hub.channels.twilio_sms import TwilioSmsSender
from hub.channels.webhooks import WebhookRefused
from hub.ids import new_id
from tests.channels.conformance import yes
from tests.channels.twilio import FAN, sms, twilio_settings
from tests.doubles.signed import SignedCall, post_all
from tests.doubles.twilio import TwilioDouble

PUBLIC = "https://hub.example"
HOOK = f"{PUBLIC}/api/v1/webhooks/twilio"
NOW = 1_795_000_000_000


def take(call: SignedCall, public_url: str = PUBLIC, token: str = "the-token-of-the-double") -> list[Fact]:
    """As the route does it."""
    fields = twilio_webhook.form(call.body)
    twilio_webhook.verify(public_url, call.path_and_query, fields, call.headers, token)
    query = MultiDict(pair.split("=", 1) for pair in call.path_and_query.partition("?")[2].split("&") if "=" in pair)
    return twilio_webhook.facts(fields, query, NOW)


class Sent:
    """A message that Twilio took, and the delivery that it belongs to."""

    def __init__(self, double: TwilioDouble, delivery_id: str, sid: str) -> None:
        self.double, self.delivery_id, self.sid = double, delivery_id, sid

    def status(self, status: str, error_code: int | None = None) -> SignedCall:
        return self.double.status(self.sid, status, error_code)


@pytest.fixture
async def sent() -> AsyncIterator[Sent]:
    double = TwilioDouble()
    async with double.running():
        sender = TwilioSmsSender(twilio_settings(double))
        delivery = new_id()
        await sender.send(sms(delivery), yes)
        await sender.close()
        yield Sent(double, delivery, double.messages[0]["sid"])


@pytest.mark.parametrize(
    ("status", "code", "kind", "reason", "permanent"),
    [
        ("queued", None, "accepted", "", False),
        ("sent", None, "accepted", "", False),
        ("delivered", None, "delivered", "", False),
        ("read", None, "seen", "", False),
        ("undelivered", 30003, "failed", "phone unreachable (30003)", False),
        ("undelivered", 30005, "failed", "unknown or inactive number (30005)", True),
        ("undelivered", 30006, "failed", "a landline or unreachable carrier (30006)", True),
        ("undelivered", 30007, "failed", "filtered by the carrier (30007)", False),
        ("failed", 63016, "failed", "window_closed", False),
        ("failed", 99999, "failed", "99999", False),
        ("failed", None, "failed", "", False),
    ],
)
async def test_each_status_is_a_fact_of_the_delivery(
    sent: Sent, status: str, code: int | None, kind: str, reason: str, *, permanent: bool
) -> None:
    [fact] = take(sent.status(status, code))

    assert fact == Report(
        provider="twilio",
        external_id=f"{sent.sid}:{status}",
        kind=kind,  # type: ignore[arg-type]
        delivery_id=sent.delivery_id,
        provider_id=sent.sid,
        address=FAN,
        reason=reason,
        permanent=permanent,
        at=NOW,
    )


async def test_a_refusal_for_an_earlier_stop_also_says_that_they_left(sent: Sent) -> None:
    failed, left = take(sent.status("failed", 21610))

    assert (failed.kind, failed.permanent) == ("failed", True)  # type: ignore[union-attr]
    assert (left.kind, left.address) == ("unsubscribed", FAN)  # type: ignore[union-attr]
    assert failed.external_id != left.external_id


async def test_the_same_status_twice_has_one_name(sent: Sent) -> None:
    assert take(sent.status("sent")) == take(sent.status("sent"))
    assert take(sent.status("sent"))[0].external_id != take(sent.status("delivered"))[0].external_id


def test_an_inbound_sms() -> None:
    call = TwilioDouble().inbound(HOOK, FAN, "Mèsi anpil! + é & = 😀")

    [fact] = take(call)

    assert isinstance(fact, Inbound)
    assert (fact.channel, fact.sender, fact.text, fact.reply_to) == ("sms", FAN, "Mèsi anpil! + é & = 😀", None)


def test_an_inbound_whatsapp_reply_names_what_it_answers() -> None:
    call = TwilioDouble().inbound(HOOK, f"whatsapp:{FAN}", "Wi", reply_to="SM" + "7" * 32)

    [fact] = take(call)

    assert isinstance(fact, Inbound)
    assert (fact.channel, fact.sender, fact.reply_to) == ("whatsapp", FAN, "SM" + "7" * 32)


def test_words_that_the_operator_set_up_at_twilio_count_too() -> None:
    fields = {"MessageSid": "SM1", "SmsStatus": "received", "From": FAN, "Body": "BASTA", "OptOutType": "STOP"}

    [fact] = take(TwilioDouble().signed(HOOK, fields))

    assert isinstance(fact, Inbound)
    assert fact.text == "STOP"


def test_the_double_signs_as_twilios_own_example_does() -> None:
    """https://www.twilio.com/docs/usage/webhooks/webhooks-security."""
    fields = {"CallSid": "CA1234567890ABCDE", "Caller": "+14158675309", "Digits": "1234", "From": "+14158675309"}
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"

    call = TwilioDouble().signed(url, {**fields, "To": "+18005551212"}, token="12345")

    assert call.headers["X-Twilio-Signature"] == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert take(call, "https://mycompany.com", token="12345") == []


def test_an_empty_text_is_signed_and_taken_too() -> None:
    [fact] = take(TwilioDouble().inbound(HOOK, FAN, ""))

    assert isinstance(fact, Inbound)
    assert fact.text == ""


@pytest.mark.parametrize("sender", ["12345", "TWILIO", "", "whatsapp:"])
def test_short_codes_and_names_write_nothing_that_could_be_answered(sender: str) -> None:
    assert take(TwilioDouble().inbound(HOOK, sender, "Your code is 1")) == []


@pytest.mark.parametrize("fields", [{}, {"MessageSid": "SM1"}, {"MessageSid": "SM1", "MessageStatus": "new-in-2027"}])
def test_what_is_neither_a_status_nor_a_message_is_nothing(fields: dict[str, str]) -> None:
    assert take(TwilioDouble().signed(HOOK, fields)) == []


@pytest.mark.parametrize("delivery", ["", "?delivery_id=", "?delivery_id=1%27--", "?delivery_id=" + "9" * 500])
def test_a_delivery_id_that_is_none_is_left_out(delivery: str) -> None:
    fields = {"MessageSid": "SM" + "1" * 32, "MessageStatus": "sent"}

    [fact] = take(TwilioDouble().signed(HOOK + delivery, fields))

    assert isinstance(fact, Report)
    assert fact.delivery_id is None


async def test_a_changed_body_is_refused(sent: Sent) -> None:
    with pytest.raises(WebhookRefused, match="wrong signature"):
        take(sent.status("sent").forged(b"MessageStatus=sent", b"MessageStatus=failed"))


async def test_a_changed_query_is_refused(sent: Sent) -> None:
    call = sent.status("sent")
    other = SignedCall(call.url.replace(sent.delivery_id, new_id()), call.headers, call.body)

    with pytest.raises(WebhookRefused, match="wrong signature"):
        take(other)


async def test_another_token_signs_nothing(sent: Sent) -> None:
    call = sent.double.signed(HOOK, {"MessageSid": "SM1", "MessageStatus": "sent"}, token="a guess")

    with pytest.raises(WebhookRefused, match="wrong signature"):
        take(call)


async def test_without_a_token_of_ours_nothing_is_believed(sent: Sent) -> None:
    call = sent.double.signed(HOOK, {"MessageSid": "SM1"}, token="x")

    with pytest.raises(WebhookRefused, match="no auth token"):
        take(call, token="")


@pytest.mark.parametrize("signature", [None, "", "é", "x" * 10_000])
def test_a_missing_or_odd_signature_is_refused(signature: str | None) -> None:
    call = TwilioDouble().signed(HOOK, {"MessageSid": "SM1"})
    headers = {} if signature is None else {"x-twilio-signature": signature}

    with pytest.raises(WebhookRefused):
        take(SignedCall(call.url, headers, call.body))


@pytest.mark.parametrize("body", [b"\xff\xfe", b"&".join(b"a%d=1" % each for each in range(300)), b"a=%FF"])
def test_a_body_that_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRefused, match="no form"):
        twilio_webhook.form(body)


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=50), max_size=8), st.text(max_size=40))
def test_nothing_that_is_signed_makes_an_error(fields: dict[str, str], delivery: str) -> None:
    facts = twilio_webhook.facts({"MessageSid": "SM1", **fields}, {"delivery_id": delivery}, NOW)

    assert len(facts) <= 2


@pytest.mark.parametrize("public_url", [PUBLIC, f"{PUBLIC}/", "https://hub.example:8443", "http://hub.example/base"])
async def test_behind_a_proxy_the_public_url_counts(public_url: str) -> None:
    """The hub listens elsewhere, and the proxy passes on its own host; only the setting knows what Twilio called."""
    double = TwilioDouble()
    taken: list[Fact] = []

    async def hook(request: web.Request) -> web.Response:
        fields = twilio_webhook.form(await request.read())
        try:
            twilio_webhook.verify(public_url, request.raw_path, fields, request.headers, double.auth_token)
        except WebhookRefused:
            return web.Response(status=403)
        taken.extend(twilio_webhook.facts(fields, request.query, NOW))
        return web.Response()

    status = {"MessageSid": "SM" + "1" * 32, "MessageStatus": "sent"}
    path = f"/api/v1/webhooks/twilio?delivery_id={new_id()}&note=%C3%A9%20+"
    genuine = double.signed(f"{public_url.rstrip('/')}{path}", status)
    async with listening(hook) as origin:
        elsewhere = double.signed(f"{origin}{path}", status)
        passed_on = SignedCall(f"{origin}{path}", genuine.headers, genuine.body)
        assert await post_all([passed_on, passed_on, elsewhere]) == [200, 200, 403]

    assert [each.external_id for each in taken] == ["SM" + "1" * 32 + ":sent"] * 2


class listening:  # noqa: N801  (reads as the word that it is)
    """A server with one handler for all POSTs."""

    def __init__(self, hook: Callable[[web.Request], Awaitable[web.Response]]) -> None:
        app = web.Application()
        app.router.add_post("/{path:.*}", hook)
        self._runner = web.AppRunner(app, access_log=None)

    async def __aenter__(self) -> str:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
