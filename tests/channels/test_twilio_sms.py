"""SMS through Twilio's own client, against a stateful double of its API."""

from collections.abc import AsyncIterator

import pytest

from hub.channels.base import Accepted, Gone, Misconfigured, Rejected, RetryLater, Unknown
from hub.ids import new_id
from tests.channels.conformance import SenderConformance, yes
from tests.channels.twilio import FAN, TwilioCase, sms
from tests.clock import MovableClock
from tests.doubles.http import Answer, at_once
from tests.doubles.twilio import TwilioDouble, error


@pytest.fixture
async def case() -> AsyncIterator[TwilioCase]:
    clock = MovableClock()
    double = TwilioDouble(clock=clock)
    async with double.running():
        made = TwilioCase(double, clock)
        yield made
        await made.sender.close()


class TestConformance(SenderConformance):
    """All promises of `Sender`."""


async def test_twilio_gets_the_text_our_number_and_a_callback_with_the_delivery(case: TwilioCase) -> None:
    delivery = new_id()

    outcome = await case.sender.send(sms(delivery, "Bonjou, men kòmand ou è ò à"), yes)

    [message] = case.double.messages
    assert outcome == Accepted(provider_id=message["sid"])
    assert (message["to"], message["from"]) == (FAN, "+15550009999")
    assert message["body"] == "Bonjou, men kòmand ou è ò à"
    assert message["status_callback"] == f"https://hub.example/api/v1/webhooks/twilio?delivery_id={delivery}"


async def test_a_messaging_service_chooses_the_number(case: TwilioCase) -> None:
    service = TwilioCase(case.double, case.clock, twilio_sms_from="MG" + "3" * 32)

    assert isinstance(await service.sender.send(sms(new_id()), yes), Accepted)
    await service.sender.close()

    assert case.double.messages[0]["messaging_service_sid"] == "MG" + "3" * 32
    assert case.double.messages[0]["from"] is None


async def test_connections_are_used_again(case: TwilioCase) -> None:
    for _ in range(5):
        await case.sender.send(sms(new_id()), yes)

    assert case.connections() == 1


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (error(400, 21610, "unsubscribed"), Gone("opted out with STOP (21610)")),
        (error(400, 21211, "Invalid 'To'"), Gone("invalid number (21211)")),
        (error(400, 21614, "not mobile"), Gone("not a mobile number (21614)")),
        (error(400, 21408, "region"), Rejected("SMS to that region is not enabled in Twilio (21408)")),
        (error(400, 21606, "From"), Misconfigured("our number cannot send this (21606)")),
        (error(404, 20404, "not found"), Misconfigured("no such account or sender (20404)")),
        (error(400, 21699, "new in 2027"), Rejected("HTTP 400 21699 new in 2027")),
        (error(403, 29999, "odd"), Misconfigured("HTTP 403 29999 odd")),
        (error(429, 20429, "slow down", {"Retry-After": "7"}), RetryLater("too many requests (20429)", 7.0)),
        (error(429, 20429, "slow down"), RetryLater("too many requests (20429)")),
        (error(503, 20503, "down", {"Retry-After": "soon"}), RetryLater("HTTP 503 20503 down")),
        (Answer(500, b"<html>"), RetryLater("HTTP 500")),
        (Answer(502, b""), RetryLater("HTTP 502")),
        (Answer(504, b""), Unknown("HTTP 504")),
        (Answer(302, b"", {"Location": "https://elsewhere.example/"}), Rejected("HTTP 302")),
        (Answer(400, b'["odd"]'), Rejected("HTTP 400")),
    ],
)
async def test_each_error_says_what_to_do(case: TwilioCase, answer: Answer, outcome: object) -> None:
    case.double.always = answer

    assert await case.sender.send(sms(new_id()), yes) == outcome


async def test_a_number_that_takes_no_sms_is_gone_and_another_is_not(case: TwilioCase) -> None:
    case.double.landlines.add(FAN)

    assert isinstance(await case.sender.send(sms(new_id()), yes), Gone)
    assert isinstance(await case.sender.send(sms(new_id(), to="+50937009999"), yes), Accepted)


async def test_an_answer_that_nobody_can_read_leaves_it_unknown(case: TwilioCase) -> None:
    case.double.garbage = True

    assert isinstance(await case.sender.send(sms(new_id()), yes), Unknown)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"sid": null}', b'{"sid": "SM\\u0000"}', b'"text"', b"x" * 400_000])
async def test_an_answer_that_is_not_twilios_leaves_it_unknown(case: TwilioCase, body: bytes) -> None:
    case.double.always = Answer(201, body)

    assert isinstance(await case.sender.send(sms(new_id()), yes), Unknown)


async def test_a_text_that_is_no_unicode_is_refused_before_it_is_sent(case: TwilioCase) -> None:
    assert await case.sender.send(sms(new_id(), "\ud800"), yes) == Rejected("cannot be written as UTF-8")
    assert case.taken() == 0


async def test_asking_finds_what_was_taken_though_the_answer_was_lost(case: TwilioCase) -> None:
    case.hang_after_taking()
    message = sms(new_id(), " Code: 1234 ")
    assert isinstance(await case.sender.send(message, yes), Unknown)
    case.double.after = at_once

    assert await case.sender.ask(message) == Accepted(provider_id=case.double.messages[0]["sid"])


async def test_asking_says_that_nothing_was_taken(case: TwilioCase) -> None:
    await case.sender.send(sms(new_id(), "Another text"), yes)
    await case.sender.send(sms(new_id(), to="+50937009999"), yes)

    assert isinstance(await case.sender.ask(sms(new_id())), RetryLater)


async def test_an_equal_text_of_yesterday_is_not_the_one_that_is_asked_about(case: TwilioCase) -> None:
    await case.sender.send(sms(new_id()), yes)
    case.clock.forward(24 * 3600)

    assert isinstance(await case.sender.ask(sms(new_id())), RetryLater)


async def test_asking_gets_no_answer_from_a_twilio_that_is_down(case: TwilioCase) -> None:
    case.double.always = Answer(503, b"")

    assert await case.sender.ask(sms(new_id())) is None


async def test_asking_is_unsure_when_too_much_went_to_that_number(case: TwilioCase) -> None:
    for number in range(20):
        await case.sender.send(sms(new_id(), f"Text {number}"), yes)

    assert await case.sender.ask(sms(new_id())) is None
