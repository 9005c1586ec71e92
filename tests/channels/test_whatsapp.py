"""WhatsApp through Meta's Cloud API, against a stateful double of it."""

from collections.abc import AsyncIterator

import pytest

from hub.channels.base import (
    Accepted,
    Gone,
    Misconfigured,
    Rejected,
    RetryLater,
    Unknown,
    WhatsApp,
    WhatsAppTemplate,
)
from hub.channels.whatsapp_cloud import WhatsAppCloudSender
from hub.ids import new_id
from tests.channels.conformance import Case, SenderConformance, yes
from tests.channels.whatsapp import FAN, NEW_MESSAGE, whatsapp
from tests.clock import MovableClock
from tests.conftest import make_settings
from tests.doubles.gate import Gate
from tests.doubles.http import Answer
from tests.doubles.whatsapp import WhatsAppDouble, error


class CloudCase(Case):
    def __init__(self, double: WhatsAppDouble, clock: MovableClock) -> None:
        self.double, self.clock = double, clock
        double.inbound("https://hub.example/hook", FAN[1:], text={"body": "Bonjou"})
        self.sender = WhatsAppCloudSender(
            make_settings(
                "sqlite+aiosqlite://",
                whatsapp_token=double.token,
                whatsapp_phone_number_id=double.phone_number_id,
                whatsapp_app_secret=double.app_secret,
                whatsapp_base_url=double.base_url,
                whatsapp_timeout_seconds=0.5,
            )
        )

    def message(self, delivery_id: str) -> WhatsApp:
        return whatsapp(delivery=delivery_id)

    def taken(self) -> int:
        return len(self.double.messages)

    def connections(self) -> int:
        return self.double.connections

    def refuse_temporarily(self) -> None:
        self.double.always = error(400, 130429, "Rate limit hit")

    def refuse_for_good(self) -> None:
        self.double.always = error(400, 131009, "Parameter value is not valid")

    def refuse_us(self) -> None:
        self.double.token = "another"

    def stall(self) -> Gate:
        self.double.before = gate = Gate()
        return gate

    def hang_after_taking(self) -> None:
        self.double.after = Gate()

    def cut_after_taking(self) -> None:
        self.double.cut = True

    async def vanish(self) -> None:
        await self.double.vanish()


@pytest.fixture
async def case() -> AsyncIterator[CloudCase]:
    clock = MovableClock()
    double = WhatsAppDouble(clock=clock)
    async with double.running():
        made = CloudCase(double, clock)
        yield made
        await made.sender.close()


class TestConformance(SenderConformance):
    """All promises of `Sender`."""


async def test_a_text_carries_the_delivery_for_the_webhook(case: CloudCase) -> None:
    delivery = new_id()

    outcome = await case.sender.send(whatsapp(delivery=delivery, text="Men videyo ou 🎉"), yes)

    [message] = case.double.messages
    assert outcome == Accepted(provider_id=message["wamid"])
    assert message["to"] == FAN[1:]
    assert message["text"] == {"body": "Men videyo ou 🎉", "preview_url": False}
    assert message["biz_opaque_callback_data"] == delivery


async def test_a_text_after_the_window_closed_is_refused_and_a_template_is_not(case: CloudCase) -> None:
    case.clock.forward(24 * 3600 - 1)
    assert isinstance(await case.sender.send(whatsapp(), yes), Accepted)

    case.clock.forward(1)

    assert await case.sender.send(whatsapp(), yes) == Rejected("window_closed")
    assert isinstance(await case.sender.send(whatsapp(NEW_MESSAGE), yes), Accepted)


async def test_a_template_has_its_language_and_its_values_on_one_line(case: CloudCase) -> None:
    await case.sender.send(whatsapp(NEW_MESSAGE), yes)

    template = case.double.messages[0]["template"]
    assert (template["name"], template["language"]["code"]) == ("new_message", "fr")
    [body] = template["components"]
    assert [each["text"] for each in body["parameters"]] == ["Aïda", "Votre vidéo est prête"]


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (WhatsAppTemplate("new_message", "ht", ("a", "b")), "template_unknown"),
        (WhatsAppTemplate("new_message", "fr", ("a",)), "wrong number of template parameters (132000)"),
    ],
)
async def test_a_template_that_meta_does_not_know_is_refused(
    case: CloudCase, template: WhatsAppTemplate, reason: str
) -> None:
    assert await case.sender.send(whatsapp(template), yes) == Rejected(reason)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (error(400, 131026, "Message undeliverable"), Gone("undeliverable (131026)")),
        (error(400, 131030, "not in allowed list"), Rejected("not among the test numbers (131030)")),
        (error(400, 131056, "pair rate limit"), RetryLater("pair rate limit (131056)", 6.0, address_only=True)),
        (error(400, 80007, "rate limit"), RetryLater("account's rate limit (80007)")),
        (error(500, 131000, "Something went wrong"), RetryLater("something went wrong at Meta (131000)")),
        (error(400, 190, "expired"), Misconfigured("access token expired (190)")),
        (error(403, 10, "permission"), Misconfigured("permission denied (10)")),
        (error(403, 200, "permission"), Misconfigured("permission missing (200)")),
        (error(400, 999_999, "new in 2027"), Rejected("HTTP 400 999999 (#999999) new in 2027")),
        (Answer(429, b"", {"Retry-After": "3"}), RetryLater("HTTP 429", 3.0)),
        (Answer(401, b"<html>"), Misconfigured("HTTP 401")),
        (Answer(503, b'{"error": "down"}'), RetryLater("HTTP 503")),
        (Answer(504, b""), Unknown("HTTP 504")),
        (Answer(200, b"{}"), Unknown("answer not understood")),
        (Answer(200, b'{"messages": []}'), Unknown("answer not understood")),
        (Answer(200, b'{"messages": [{"id": "wamid.\\u0000"}]}'), Unknown("answer not understood")),
        (Answer(502, b'{"error": {"message": "a\\u0000b"}}'), RetryLater("HTTP 502 ab")),
        (Answer(200, b"\xff"), Unknown("answer not understood")),
    ],
)
async def test_each_answer_of_meta_says_what_to_do(case: CloudCase, answer: Answer, outcome: object) -> None:
    case.double.always = answer

    assert await case.sender.send(whatsapp(), yes) == outcome


async def test_meta_cannot_be_asked(case: CloudCase) -> None:
    assert await case.sender.ask(whatsapp()) is None


async def test_a_text_that_is_no_unicode_is_refused_before_it_is_sent(case: CloudCase) -> None:
    assert await case.sender.send(whatsapp(text="\ud800"), yes) == Rejected("cannot be written as UTF-8")
