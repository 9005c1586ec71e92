"""WhatsApp through Twilio, against a stateful double of its API."""

import json
from collections.abc import AsyncIterator

import pytest

from hub.channels.base import Accepted, Rejected, RetryLater, Unknown, WhatsApp, WhatsAppTemplate
from hub.channels.twilio_whatsapp import TwilioWhatsAppSender
from tests.channels.conformance import SenderConformance, yes
from tests.channels.twilio import TwilioCase, twilio_settings
from tests.channels.whatsapp import FAN, NEW_MESSAGE, whatsapp
from tests.clock import MovableClock
from tests.doubles.http import at_once
from tests.doubles.twilio import TwilioDouble


class TwilioWhatsAppCase(TwilioCase):
    def __init__(self, double: TwilioDouble, clock: MovableClock) -> None:
        self.double, self.clock = double, clock
        self.sender = TwilioWhatsAppSender(twilio_settings(double), clock)

    def message(self, delivery_id: str) -> WhatsApp:
        return whatsapp(delivery=delivery_id)


@pytest.fixture
async def case() -> AsyncIterator[TwilioWhatsAppCase]:
    clock = MovableClock()
    double = TwilioDouble(clock=clock)
    async with double.running():
        made = TwilioWhatsAppCase(double, clock)
        yield made
        await made.sender.close()


class TestConformance(SenderConformance):
    """All promises of `Sender`."""


async def test_twilio_gets_whatsapp_addresses(case: TwilioWhatsAppCase) -> None:
    await case.sender.send(whatsapp(), yes)

    [message] = case.double.messages
    assert (message["from"], message["to"]) == ("whatsapp:+15550009999", f"whatsapp:{FAN}")
    assert message["body"] == "Ou gen yon mesaj"


async def test_twilio_gets_a_template_as_content(case: TwilioWhatsAppCase) -> None:
    assert isinstance(await case.sender.send(whatsapp(NEW_MESSAGE), yes), Accepted)

    [message] = case.double.messages
    assert message["content"]["sid"] == "HX" + "1" * 32
    assert json.loads(message["content"]["variables"]) == {"1": "Aïda", "2": "Votre vidéo est prête"}
    assert message["body"] == ""


async def test_a_template_without_content_in_the_settings_is_refused(case: TwilioWhatsAppCase) -> None:
    english = WhatsAppTemplate("new_message", "en", ())

    assert await case.sender.send(whatsapp(english), yes) == Rejected("template_unknown")
    assert case.double.requests == 0


async def test_a_template_that_twilio_does_not_know_is_refused(case: TwilioWhatsAppCase) -> None:
    kreyol = WhatsAppTemplate("new_message", "ht", ())

    outcome = await case.sender.send(whatsapp(kreyol), yes)

    assert isinstance(outcome, Rejected)
    assert "21655" in outcome.reason


async def test_asking_twilio_for_a_text_that_was_taken(case: TwilioWhatsAppCase) -> None:
    case.hang_after_taking()
    message = whatsapp()
    assert isinstance(await case.sender.send(message, yes), Unknown)
    case.double.after = at_once

    assert await case.sender.ask(message) == Accepted(provider_id=case.double.messages[0]["sid"])
    assert isinstance(await case.sender.ask(whatsapp(text="Another")), RetryLater)


async def test_a_template_whose_text_is_not_found_stays_unknown(case: TwilioWhatsAppCase) -> None:
    await case.sender.send(whatsapp(NEW_MESSAGE), yes)

    assert await case.sender.ask(whatsapp(NEW_MESSAGE)) is None
