"""E-mail through SendGrid's API, against a stateful double of it."""

from collections.abc import AsyncIterator

import pytest

from hub.channels.base import Accepted, Email, Misconfigured, Outcome, Rejected, RetryLater, Unknown
from hub.channels.sendgrid import SendGridSender
from hub.ids import new_id
from tests.channels.conformance import Case, SenderConformance, yes
from tests.channels.mail import email, mail_settings
from tests.clock import MovableClock
from tests.doubles.gate import Gate
from tests.doubles.http import Answer
from tests.doubles.sendgrid import SendGridDouble


def error(status: int, message: str = "no", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"errors": [{"message": message, "field": None}]}, named)


class SendGridCase(Case):
    def __init__(self, double: SendGridDouble) -> None:
        self.double = double
        self.clock = MovableClock(stands=True)
        settings = mail_settings(
            sendgrid_api_key=double.api_key, sendgrid_base_url=double.url, sendgrid_timeout_seconds=0.5
        )
        self.sender = SendGridSender(settings, self.clock)

    def message(self, delivery_id: str) -> Email:
        return email(delivery_id)

    def taken(self) -> int:
        return len(self.double.accepted)

    def connections(self) -> int:
        return self.double.connections

    def refuse_temporarily(self) -> None:
        self.double.always = error(503, "unavailable")

    def refuse_for_good(self) -> None:
        self.double.always = error(400, "Does not contain a valid address.")

    def refuse_us(self) -> None:
        self.double.api_key = "another"

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
async def case() -> AsyncIterator[SendGridCase]:
    double = SendGridDouble()
    async with double.running():
        made = SendGridCase(double)
        yield made
        await made.sender.close()


class TestSendGrid(SenderConformance):
    """The suite."""


async def answered(case: SendGridCase, answer: Answer) -> Outcome:
    case.double.answers.append(answer)
    return await case.sender.send(email(), yes)


async def test_the_mail_says_what_the_message_says(case: SendGridCase) -> None:
    message = email(subject="Ou gen 2 mesaj", text="Bonjou è\n", html="<p>Bonjou è</p>", category="messages")

    outcome = await case.sender.send(message, yes)

    mail = case.double.accepted[0]
    assert outcome == Accepted(provider_id=mail.message_id, provider="sendgrid")
    assert mail.body["from"] == {"email": "no-reply@hub.example", "name": "The Hub"}
    assert (mail.to, mail.body["subject"]) == ("fan@example.com", "Ou gen 2 mesaj")
    assert (mail.content("text/plain"), mail.content("text/html")) == ("Bonjou è\n", "<p>Bonjou è</p>")
    assert mail.custom_args == {"delivery_id": message.delivery_id, "notification_id": message.notification_id}
    assert mail.body["categories"] == ["messages"]
    assert mail.headers == {"Auto-Submitted": "auto-generated"}


async def test_what_may_be_unsubscribed_has_the_one_click_headers(case: SendGridCase) -> None:
    await case.sender.send(email(unsubscribe_url="https://hub.example/api/v1/unsubscribe?token=abc"), yes)

    headers = case.double.accepted[0].headers
    assert headers["List-Unsubscribe"] == "<https://hub.example/api/v1/unsubscribe?token=abc>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


async def test_one_connection_carries_one_message_after_the_other(case: SendGridCase) -> None:
    for _ in range(5):
        await case.sender.send(email(), yes)

    assert case.connections() == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (error(400, "bad"), Rejected("HTTP 400 bad")),
        (error(413, "too large"), Rejected("HTTP 413 too large")),
        (error(401, "Maximum credits exceeded"), Misconfigured("HTTP 401 Maximum credits exceeded")),
        (error(403, "unverified"), Misconfigured("HTTP 403 unverified")),
        (Answer(301, headers={"Location": "http://127.0.0.1:1/"}), Misconfigured("HTTP 301")),
        (error(404, "not found"), Misconfigured("HTTP 404 not found")),
        (error(429), RetryLater("HTTP 429 no")),
        (error(429, Retry_After="7"), RetryLater("HTTP 429 no", 7.0)),
        (error(429, Retry_After="99999999"), RetryLater("HTTP 429 no", 3600.0)),
        (error(429, Retry_After="soon"), RetryLater("HTTP 429 no")),
        (error(500), RetryLater("HTTP 500 no")),
        (error(503, Retry_After="30"), RetryLater("HTTP 503 no", 30.0)),
        (error(504), Unknown("HTTP 504 no", "sendgrid")),
        (Answer(502, b"<html>\xff"), RetryLater("HTTP 502")),
        (Answer(500, [1, 2]), RetryLater("HTTP 500")),
        (Answer(400, {"errors": "?"}), Rejected("HTTP 400")),
        (Answer(400, b"[" * 100_000), Rejected("HTTP 400")),
        (Answer(200, b"<html>hello</html>"), Unknown("HTTP 200", "sendgrid")),
    ],
    ids=lambda each: f"{each.status} {each.headers}" if isinstance(each, Answer) else "",
)
async def test_each_answer_has_its_meaning(case: SendGridCase, answer: Answer, expected: Outcome) -> None:
    assert await answered(case, answer) == expected


async def test_a_rate_limit_without_retry_after_ends_when_its_period_does(case: SendGridCase) -> None:
    reset = str(case.clock.now() // 1000 + 12)

    outcome = await answered(case, error(429, X_RateLimit_Reset=reset))

    assert isinstance(outcome, RetryLater)
    assert outcome.after_seconds is not None
    assert 11 <= outcome.after_seconds <= 12


async def test_a_long_reason_is_cut(case: SendGridCase) -> None:
    outcome = await answered(case, error(400, "x" * 10_000))

    assert isinstance(outcome, Rejected)
    assert len(outcome.reason) == 200


async def test_an_answer_without_an_id_is_one_all_the_same(case: SendGridCase) -> None:
    assert await answered(case, Answer(202, b"\xff\xfe")) == Accepted(provider_id=None, provider="sendgrid")


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "a\r\nBcc: b@c"},
        {"to": "a@b\nc"},
        {"to": "nobody"},
        {"to": "jöe@example.com"},
        {"text": "SG.abc.def is a key"},
        {"text": "\ud800"},
    ],
    ids=["subject", "address", "no address", "local part", "an API key", "half a surrogate pair"],
)
async def test_what_cannot_be_sent_is_refused_before_anyone_is_asked(
    case: SendGridCase, changes: dict[str, str]
) -> None:
    assert isinstance(await case.sender.send(email(**changes), yes), Rejected)
    assert case.double.requests == 0


async def test_what_the_api_finds_wrong_is_said_in_its_words(case: SendGridCase) -> None:
    outcome = await case.sender.send(email(text=""), yes)

    assert isinstance(outcome, Rejected)
    assert outcome.reason.startswith("HTTP 400 The content value must be a string")


@pytest.mark.parametrize(("given", "written"), [("joe@exämple.com", "joe@xn--exmple-cua.com"), ("a<b>c@d.com",) * 2])
async def test_an_address_goes_out_as_it_is(case: SendGridCase, given: str, written: str) -> None:
    await case.sender.send(email(to=given), yes)

    assert case.double.accepted[0].to == written


async def test_sendgrid_cannot_be_asked(case: SendGridCase) -> None:
    assert await case.sender.ask(email(new_id())) is None
