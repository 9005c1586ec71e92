"""An e-mail that one provider could not take: it goes out once, by another, and the trace says so."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import make_settings
from tests.doubles.http import Answer
from tests.doubles.sendgrid import SendGridDouble
from tests.doubles.smtp import SmtpDouble
from tests.notifications.conftest import DELAY
from tests.notifications.road import Road, open_road


@pytest.fixture
async def sendgrid() -> AsyncIterator[SendGridDouble]:
    double = SendGridDouble()
    async with double.running():
        yield double


@pytest.fixture
async def two_ways(database_url: str, smtp: SmtpDouble, sendgrid: SendGridDouble) -> AsyncIterator[Road]:
    """A road with SendGrid first, and SMTP only when that fails."""
    settings = make_settings(
        database_url,
        unread_email_seconds=DELAY,
        smtp_host="127.0.0.1",
        smtp_port=smtp.port,
        smtp_tls="none",
        smtp_weight=0,
        sendgrid_base_url=sendgrid.url,
        sendgrid_api_key=sendgrid.api_key,
        sendgrid_timeout_seconds=0.5,
    )
    async with open_road(settings) as made:
        await made.begin()
        yield made


async def emails(road: Road) -> list[tuple[str, str | None]]:
    """(state, provider) of the deliveries by e-mail."""
    return [(row.state, row.provider) for row in await road.rows("email") if row.parent_id is None]


async def test_the_first_provider_is_used_while_it_works(
    two_ways: Road, smtp: SmtpDouble, sendgrid: SendGridDouble
) -> None:
    await two_ways.write()
    await two_ways.work(DELAY)

    assert await emails(two_ways) == [("accepted", "sendgrid")]
    assert (len(sendgrid.accepted), len(smtp.accepted)) == (1, 0)


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_what_the_first_provider_refuses_goes_out_once_by_the_second(
    two_ways: Road, smtp: SmtpDouble, sendgrid: SendGridDouble, status: int
) -> None:
    sendgrid.always = Answer(status)
    await two_ways.write()
    await two_ways.work(DELAY)
    await two_ways.work(3600)

    assert await emails(two_ways) == [("accepted", "smtp")]
    assert (sendgrid.requests, len(smtp.accepted)) == (1, 1)


async def test_what_the_first_provider_may_have_taken_goes_to_nobody_else(
    two_ways: Road, smtp: SmtpDouble, sendgrid: SendGridDouble
) -> None:
    sendgrid.cut = True
    await two_ways.write()
    await two_ways.work(DELAY)
    await two_ways.work(3600)

    assert await emails(two_ways) == [("unknown", "sendgrid")]
    assert (len(sendgrid.accepted), len(smtp.accepted)) == (1, 0)


async def test_what_was_read_while_the_first_provider_failed_goes_to_nobody(
    two_ways: Road, smtp: SmtpDouble, sendgrid: SendGridDouble
) -> None:
    seq = await two_ways.write()

    async def reads_meanwhile() -> None:
        await two_ways.read(seq)

    sendgrid.before = reads_meanwhile
    sendgrid.always = Answer(503)
    await two_ways.work(DELAY)

    assert (sendgrid.requests, len(smtp.accepted)) == (1, 0)
    assert [state for state, _ in await emails(two_ways)] == ["cancelled"]


async def test_when_both_are_down_it_waits_and_goes_out_once(
    two_ways: Road, smtp: SmtpDouble, sendgrid: SendGridDouble
) -> None:
    sendgrid.always = Answer(503)
    smtp.mail_reply = "451 later"
    await two_ways.write()
    await two_ways.work(DELAY)
    assert [state for state, _ in await emails(two_ways)] == ["retry_wait"]

    sendgrid.always = None
    await two_ways.work(60)

    assert await emails(two_ways) == [("accepted", "sendgrid")]
    assert (len(sendgrid.accepted), len(smtp.accepted)) == (1, 0)
