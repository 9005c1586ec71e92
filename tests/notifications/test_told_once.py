"""Nobody is told twice of the same message."""

import asyncio

from tests.doubles.gate import Gate
from tests.doubles.smtp import SmtpDouble
from tests.notifications.conftest import DELAY
from tests.notifications.road import Road


async def test_a_later_message_gives_an_email_about_itself_alone(road: Road) -> None:
    for number in range(3):
        await road.write(f"Message {number}")
        await road.work(DELAY)

    mails = await road.captures()
    assert [mail.subject for mail in mails] == ["New message from Creator"] * 3
    assert [mail.text.splitlines()[4] for mail in mails] == ["> Message 0", "> Message 1", "> Message 2"]


async def test_a_message_that_comes_while_a_dead_workers_email_waits_is_told_with_it(
    mail_road: Road, smtp: SmtpDouble
) -> None:
    gate = smtp.on_rcpt = Gate()
    await mail_road.write("first")
    await mail_road.work()
    mail_road.clock.forward(DELAY)
    dying = asyncio.create_task(mail_road.deliverer.run_once())
    await gate.reached()
    await mail_road.kill(dying)
    gate.open()

    await mail_road.write("second")
    await mail_road.work()
    await mail_road.work(10 * DELAY)
    await mail_road.work(10 * DELAY)

    assert len(smtp.accepted) == 1
    assert sorted(await mail_road.states()) == ["accepted", "cancelled"]
