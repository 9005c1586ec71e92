"""E-mail over SMTP, against a real server that fails as real ones do."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.channels.base import Accepted, Email, Gone, Misconfigured, NotWanted, Outcome, Rejected, RetryLater, Unknown
from hub.channels.smtp import SmtpSender
from hub.channels.smtp_connections import KEPT, MOST
from tests.channels.conformance import Case, SenderConformance, no, nobody_connected, yes
from tests.channels.mail import email, mail_settings
from tests.doubles.gate import Gate
from tests.doubles.smtp import SmtpDouble, part, running_smtp

UNSUBSCRIBE = "https://hub.example/api/v1/unsubscribe?token=" + "eyJhbGci_-." * 30


class SmtpCase(Case):
    def __init__(self, double: SmtpDouble) -> None:
        self.double = double
        self.sender = SmtpSender(smtp_settings(double))

    def message(self, delivery_id: str) -> Email:
        return email(delivery_id)

    def taken(self) -> int:
        return len(self.double.accepted)

    def connections(self) -> int:
        return self.double.open

    def refuse_temporarily(self) -> None:
        self.double.data_reply = "451 4.3.0 try later"

    def refuse_for_good(self) -> None:
        self.double.data_reply = "554 5.7.1 spam"

    def refuse_us(self) -> None:
        self.double.mail_reply = "553 5.7.1 not your address"

    def stall(self) -> Gate:
        self.double.on_rcpt = gate = Gate()
        return gate

    def hang_after_taking(self) -> None:
        self.double.after = Gate()

    def cut_after_taking(self) -> None:
        self.double.cut_before_reply = True

    async def vanish(self) -> None:
        await self.double.vanish()


def smtp_settings(double: SmtpDouble, **changes: Any) -> Any:
    return mail_settings(**{"smtp_port": double.port, "smtp_timeout_seconds": 1.0, **changes})


@pytest.fixture
async def smtp() -> AsyncIterator[SmtpDouble]:
    async with running_smtp() as double:
        yield double


@pytest.fixture
async def case(smtp: SmtpDouble) -> AsyncIterator[SmtpCase]:
    made = SmtpCase(smtp)
    yield made
    await made.sender.close()


class TestSmtp(SenderConformance):
    """The suite."""


async def test_the_mail_says_what_the_message_says(case: SmtpCase, smtp: SmtpDouble) -> None:
    message = email(subject="Ou gen 2 mesaj è", text="Bonjou è\n.\nfen\n", html="<p>Bonjou è</p>")

    outcome = await case.sender.send(message, yes)

    mail = smtp.accepted[0]
    assert outcome == Accepted(provider_id="OK: queued", provider="smtp")
    assert (mail["From"], mail["To"]) == ("The Hub <no-reply@hub.example>", "fan@example.com")
    assert mail["Subject"] == "Ou gen 2 mesaj è"
    assert (part(mail, "plain"), part(mail, "html")) == ("Bonjou è\n.\nfen\n", "<p>Bonjou è</p>\n")
    assert mail["Message-ID"] == f"<{message.delivery_id}@hub.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] is None


async def test_the_one_click_headers_stand_as_they_are_however_long(case: SmtpCase, smtp: SmtpDouble) -> None:
    await case.sender.send(email(unsubscribe_url=UNSUBSCRIBE), yes)

    mail = smtp.accepted[0]
    assert mail["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"
    assert b"\r\nList-Unsubscribe: <https://hub" in b"\r\n" + smtp.raw[0]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "jöe@example.com"},
        {"to": "nobody"},
        {"subject": "a\nBcc: b@c"},
        {"subject": "\x00"},
        {"unsubscribe_url": "https://a/\nBcc: b@c"},
        {"unsubscribe_url": "https://a/" + "x" * 1000},
    ],
    ids=["local part", "no address", "line break", "NUL", "line break in the URL", "long URL"],
)
async def test_what_cannot_be_written_is_refused_or_harmless(
    case: SmtpCase, smtp: SmtpDouble, changes: dict[str, str]
) -> None:
    outcome = await case.sender.send(email(**changes), yes)

    assert isinstance(outcome, Accepted | Rejected)
    assert all(mail["Bcc"] is None for mail in smtp.accepted)


async def test_a_domain_of_any_script_is_written_in_ascii(case: SmtpCase, smtp: SmtpDouble) -> None:
    await case.sender.send(email(to="joe@exämple.com"), yes)

    assert smtp.accepted[0]["To"] == "joe@xn--exmple-cua.com"


@pytest.mark.parametrize(
    ("knob", "reply", "expected"),
    [
        ("mail_reply", "451 later", RetryLater("SMTP 451")),
        ("mail_reply", "550 who are you", Misconfigured("SMTP 550")),
        ("rcpt_reply", "450 4.2.1 busy", RetryLater("SMTP 450", address_only=True)),
        ("rcpt_reply", "550 5.1.1 no such user", Gone("SMTP 550")),
        ("rcpt_reply", "556 5.1.10 null MX", Gone("SMTP 556")),
        ("rcpt_reply", "550 5.7.1 not allowed", Rejected("SMTP 550")),
        ("rcpt_reply", "421 closing", RetryLater("SMTP 421", address_only=True)),
        ("data_reply", "452 full", RetryLater("SMTP 452")),
        ("data_reply", "552 too big", Rejected("SMTP 552")),
    ],
)
async def test_each_reply_has_its_meaning(
    case: SmtpCase, smtp: SmtpDouble, knob: str, reply: str, expected: Outcome
) -> None:
    setattr(smtp, knob, reply)

    assert await case.sender.send(email(), yes) == expected


async def test_a_wrong_password_is_for_the_operator(smtp: SmtpDouble) -> None:
    smtp.login = (b"hub", b"right")
    wrong = SmtpSender(smtp_settings(smtp, smtp_username="hub", smtp_password="wrong"))
    right = SmtpSender(smtp_settings(smtp, smtp_username="hub", smtp_password="right"))

    assert await wrong.send(email(), yes) == Misconfigured("SMTP 535")
    assert isinstance(await right.send(email(), yes), Accepted)
    await right.close()


async def test_a_server_that_hangs_before_the_content_is_tried_later(case: SmtpCase) -> None:
    case.stall()

    assert await case.sender.send(email(), yes) == RetryLater("TimeoutError before DATA")


async def test_one_connection_carries_one_message_after_the_other(case: SmtpCase, smtp: SmtpDouble) -> None:
    for _ in range(5):
        await case.sender.send(email(), yes)

    assert (smtp.opened, smtp.resets) == (1, 4)


async def test_a_refused_message_leaves_nothing_behind_for_the_next(case: SmtpCase, smtp: SmtpDouble) -> None:
    assert await case.sender.send(email(to="first@example.com"), no) == NotWanted()
    smtp.rcpt_reply = "550 5.7.1 no"
    await case.sender.send(email(to="second@example.com"), yes)
    smtp.rcpt_reply = "250 OK"

    await case.sender.send(email(to="third@example.com"), yes)

    assert smtp.opened == 1
    assert smtp.recipients == [["third@example.com"]]


async def test_a_stale_connection_is_replaced_before_go_is_asked(case: SmtpCase, smtp: SmtpDouble) -> None:
    await case.sender.send(email(), yes)
    smtp.cut_all()
    opened = []

    async def go() -> bool:
        opened.append(smtp.opened)
        return True

    assert isinstance(await case.sender.send(email(), go), Accepted)
    assert opened == [2]


async def test_a_server_that_says_goodbye_to_an_idle_connection_is_asked_anew(case: SmtpCase, smtp: SmtpDouble) -> None:
    await case.sender.send(email(), yes)
    smtp.reset_reply = "421 4.4.2 idle for too long"

    assert isinstance(await case.sender.send(email(), yes), Accepted)
    assert smtp.opened == 2


async def test_an_idle_connection_is_closed_after_a_while(smtp: SmtpDouble) -> None:
    sender = SmtpSender(smtp_settings(smtp), idle_seconds=0.05)
    await sender.send(email(), yes)

    async with asyncio.timeout(5):
        while smtp.open:  # noqa: ASYNC110  (the other end of a connection gives no signal)
            await asyncio.sleep(0.005)

    assert isinstance(await sender.send(email(), yes), Accepted)
    await sender.close()


async def test_a_crowd_uses_few_connections_and_fewer_are_kept(case: SmtpCase, smtp: SmtpDouble) -> None:
    await asyncio.gather(*(case.sender.send(email(), yes) for _ in range(3 * MOST)))

    assert smtp.opened <= MOST + 2 * MOST - KEPT
    async with asyncio.timeout(5):
        while smtp.open > KEPT:  # noqa: ASYNC110  (the other end of a connection gives no signal)
            await asyncio.sleep(0.005)


async def test_who_waits_too_long_for_a_connection_is_tried_later(smtp: SmtpDouble) -> None:
    sender = SmtpSender(smtp_settings(smtp, smtp_timeout_seconds=0.3))
    smtp.on_data = gate = Gate()
    crowd = [asyncio.create_task(sender.send(email(), yes)) for _ in range(MOST)]
    await gate.reached()

    outcomes = await asyncio.gather(*crowd, sender.send(email(), yes))

    assert sum(isinstance(each, Unknown) for each in outcomes) >= 1
    assert {type(each) for each in outcomes} <= {Unknown, RetryLater}
    assert outcomes[-1] == RetryLater("no connection was free", address_only=True, tried=False)
    await sender.close()
    gate.open()
    await nobody_connected(SmtpCase(smtp))
