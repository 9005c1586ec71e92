"""What becomes of an e-mail when the mail server refuses, fails, or disappears in the middle."""

import asyncio

import pytest

from tests.doubles.gate import Gate
from tests.doubles.smtp import SmtpDouble
from tests.notifications.conftest import DELAY
from tests.notifications.road import Road

LEASE = 31.0
"""Seconds after which a worker counts as gone."""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The outcomes have nothing to do with the kind of database; `test_relay` and `faults/` look at that."""
    return sqlite_url


async def test_a_temporary_refusal_is_tried_again_and_then_goes_out_once(mail_road: Road, smtp: SmtpDouble) -> None:
    smtp.rcpt_reply = "450 4.2.1 mailbox busy"
    await mail_road.write()
    await mail_road.work(DELAY)
    assert await mail_road.deliveries() == [("retry_wait", "SMTP 450", 1)]

    await mail_road.work(4.9)
    assert smtp.attempts == 1
    smtp.rcpt_reply = "250 OK"
    await mail_road.work(1.2)

    assert await mail_road.deliveries() == [("accepted", None, 2)]
    assert len(smtp.accepted) == 1


async def test_a_temporary_refusal_of_the_content_is_tried_again(mail_road: Road, smtp: SmtpDouble) -> None:
    smtp.data_reply = "451 4.3.0 try later"
    await mail_road.write()
    await mail_road.work(DELAY)
    assert await mail_road.deliveries() == [("retry_wait", "SMTP 451", 1)]

    smtp.data_reply = "250 OK"
    await mail_road.work(60)

    assert await mail_road.states() == ["accepted"]


async def test_what_is_refused_again_and_again_ends_dead(mail_road: Road, smtp: SmtpDouble) -> None:
    smtp.rcpt_reply = "450 4.2.1 mailbox busy"
    await mail_road.write()

    for _ in range(12):
        await mail_road.work(3600)

    assert await mail_road.deliveries() == [("dead", "SMTP 450", 8)]
    assert smtp.attempts == 8


async def test_reading_cancels_what_waits_for_its_next_attempt(mail_road: Road, smtp: SmtpDouble) -> None:
    smtp.rcpt_reply = "450 4.2.1 mailbox busy"
    seq = await mail_road.write()
    await mail_road.work(DELAY)
    smtp.rcpt_reply = "250 OK"

    await mail_road.read(seq)
    await mail_road.work(3600)

    assert await mail_road.states() == ["cancelled"]
    assert smtp.accepted == []


async def test_a_message_that_comes_while_one_waits_for_its_next_attempt_is_told_with_it(
    mail_road: Road, smtp: SmtpDouble
) -> None:
    smtp.rcpt_reply = "450 4.2.1 mailbox busy"
    await mail_road.write("first")
    await mail_road.work(DELAY)
    await mail_road.write("second")
    await mail_road.work()
    smtp.rcpt_reply = "250 OK"

    await mail_road.work(3600)

    assert len(smtp.accepted) == 1
    assert smtp.accepted[0]["Subject"] == "2 new messages from Creator"


async def test_a_permanent_refusal_fails_at_once(mail_road: Road, smtp: SmtpDouble) -> None:
    smtp.rcpt_reply = "550 5.1.1 no such user"
    await mail_road.write()

    await mail_road.work(DELAY)
    await mail_road.work(3600)

    assert await mail_road.deliveries() == [("failed", "SMTP 550", 1)]
    assert smtp.attempts == 1


async def test_a_permanent_refusal_of_the_content_fails_at_once(mail_road: Road, smtp: SmtpDouble) -> None:
    smtp.data_reply = "554 5.7.1 looks like spam"
    await mail_road.write()

    await mail_road.work(DELAY)

    assert await mail_road.deliveries() == [("failed", "SMTP 554", 1)]


async def test_an_email_whose_answer_got_lost_is_unknown_and_is_not_sent_again(
    mail_road: Road, smtp: SmtpDouble
) -> None:
    smtp.cut_before_reply = True
    await mail_road.write()

    await mail_road.work(DELAY)
    await mail_road.work(3600)

    ((state, reason, _),) = await mail_road.deliveries()
    assert state == "unknown"
    assert "after DATA" in (reason or "")
    assert len(smtp.accepted) == 1


async def test_a_connection_that_is_cut_before_the_content_is_tried_again(mail_road: Road, smtp: SmtpDouble) -> None:
    async def cut() -> None:
        smtp.cut_all()

    smtp.on_rcpt = cut
    await mail_road.write()
    await mail_road.work(DELAY)
    assert await mail_road.states() == ["retry_wait"]

    smtp.on_rcpt = Gate()
    smtp.on_rcpt.open()
    await mail_road.work(60)

    assert await mail_road.states() == ["accepted"]


async def test_reading_while_the_mail_server_is_being_talked_to_stops_the_email(
    mail_road: Road, smtp: SmtpDouble
) -> None:
    gate = smtp.on_rcpt = Gate()
    seq = await mail_road.write()
    await mail_road.work()
    mail_road.clock.forward(DELAY)
    working = asyncio.create_task(mail_road.deliverer.run_once())
    await gate.reached()

    await mail_road.read(seq)
    gate.open()
    await working

    assert await mail_road.states() == ["cancelled"]
    assert smtp.accepted == []


async def test_a_worker_that_died_before_the_content_went_out_loses_nothing(mail_road: Road, smtp: SmtpDouble) -> None:
    gate = smtp.on_rcpt = Gate()
    await mail_road.write()
    await mail_road.work()
    mail_road.clock.forward(DELAY)
    dying = asyncio.create_task(mail_road.deliverer.run_once())
    await gate.reached()
    await mail_road.kill(dying)
    gate.open()

    await mail_road.work(LEASE)

    assert await mail_road.states() == ["accepted"]
    assert len(smtp.accepted) == 1


async def test_a_worker_that_died_while_the_content_went_out_doubles_nothing(mail_road: Road, smtp: SmtpDouble) -> None:
    gate = smtp.on_data = Gate()
    await mail_road.write()
    await mail_road.work()
    mail_road.clock.forward(DELAY)
    dying = asyncio.create_task(mail_road.deliverer.run_once())
    await gate.reached()
    await mail_road.kill(dying)
    gate.open()

    await mail_road.work(LEASE)
    await mail_road.work(3600)

    assert await mail_road.states() == ["unknown"]
    assert smtp.attempts == 1


async def test_a_worker_that_outlives_its_lease_doubles_nothing(mail_road: Road, smtp: SmtpDouble) -> None:
    gate = smtp.on_rcpt = Gate()
    await mail_road.write()
    await mail_road.work()
    mail_road.clock.forward(DELAY)
    slow = asyncio.create_task(mail_road.deliverer.run_once())
    await gate.reached()
    smtp.on_rcpt = Gate()
    smtp.on_rcpt.open()

    await mail_road.work(LEASE)
    gate.open()
    await slow

    assert await mail_road.states() == ["accepted"]
    assert len(smtp.accepted) == 1
