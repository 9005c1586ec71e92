"""The conformance suite of `Sender`: whatever hands e-mails over keeps the promises of `hub/channels/base.py`."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from hub.channels.base import Accepted, Email, NotWanted, Rejected, RetryLater, Sender, Unknown
from hub.channels.capture import CaptureSender
from hub.channels.smtp import SmtpSender
from hub.clock import SystemClock
from hub.ids import new_id
from persistence import deliveries
from persistence.engine import Connections
from persistence.uow import Database
from tests.conftest import make_settings
from tests.doubles.smtp import Gate, SmtpDouble

Count = Callable[[], Awaitable[int]]


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    made = Database(Connections(sqlite_url), SystemClock())
    yield made
    await made.connections.close()


@pytest.fixture(params=["capture", "smtp"])
def sender(request: pytest.FixtureRequest, database: Database, smtp: SmtpDouble, sqlite_url: str) -> Sender:
    if request.param == "capture":
        return CaptureSender(database, "email")
    return smtp_sender(sqlite_url, smtp)


@pytest.fixture
def gone_out(sender: Sender, database: Database, smtp: SmtpDouble) -> Count:
    """How many e-mails have left."""

    async def count() -> int:
        async with database.read() as connection:
            rows = await deliveries.captures(connection, user_id=None, channel=None)
        return len(rows) + len(smtp.accepted)

    return count


def smtp_sender(url: str, smtp: SmtpDouble, **changes: object) -> SmtpSender:
    values = {"smtp_host": "127.0.0.1", "smtp_port": smtp.port, "smtp_tls": "none", "smtp_timeout_seconds": 0.5}
    return SmtpSender(make_settings(url, **(values | changes)))


def email(**changes: str) -> Email:
    values = {"to": "fan@example.com", "subject": "Hi", "text": "Hello\n", "html": "<p>Hello</p>"}
    return Email(delivery_id=new_id(), user_id="fan", **(values | changes))


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


async def test_a_sender_says_its_channel(sender: Sender) -> None:
    assert sender.channel == "email"


async def test_what_was_accepted_has_gone_out(sender: Sender, gone_out: Count) -> None:
    outcome = await sender.send(email(), yes)

    assert isinstance(outcome, Accepted)
    assert outcome.provider_id
    assert await gone_out() == 1


async def test_go_is_asked_once_and_before_anything_goes_out(sender: Sender, gone_out: Count) -> None:
    counts = []

    async def go() -> bool:
        counts.append(await gone_out())
        return True

    await sender.send(email(), go)

    assert counts == [0]


async def test_nothing_goes_out_when_go_says_no(sender: Sender, gone_out: Count) -> None:
    assert await sender.send(email(), no) == NotWanted()
    assert await gone_out() == 0


async def test_a_repeatable_sender_sends_the_same_delivery_once(sender: Sender, gone_out: Count) -> None:
    message = email()

    await sender.send(message, yes)
    await sender.send(message, yes)

    assert await gone_out() == (1 if sender.repeatable else 2)


@pytest.mark.parametrize(
    "changes",
    [{"to": "jöe@example.com"}, {"to": "joe@exämple.com"}, {"subject": "a\nBcc: b@c"}, {"subject": "\x00"}],
    ids=["local part", "domain", "line break", "NUL"],
)
async def test_what_cannot_be_sent_is_an_outcome_and_never_an_exception(
    sender: Sender, gone_out: Count, changes: dict[str, str]
) -> None:
    before = await gone_out()

    outcome = await sender.send(email(**changes), yes)

    assert isinstance(outcome, Accepted | Rejected)
    assert (await gone_out() - before) == (1 if isinstance(outcome, Accepted) else 0)


async def test_smtp_without_a_server_is_tried_later(sqlite_url: str, smtp: SmtpDouble, unused_tcp_port: int) -> None:
    outcome = await smtp_sender(sqlite_url, smtp, smtp_port=unused_tcp_port).send(email(), yes)

    assert isinstance(outcome, RetryLater)


async def test_smtp_that_hangs_before_the_content_is_tried_later(sqlite_url: str, smtp: SmtpDouble) -> None:
    smtp.on_rcpt = Gate()

    outcome = await smtp_sender(sqlite_url, smtp).send(email(), yes)

    assert isinstance(outcome, RetryLater)


async def test_smtp_that_hangs_after_the_content_is_unknown(sqlite_url: str, smtp: SmtpDouble) -> None:
    smtp.on_data = Gate()

    outcome = await smtp_sender(sqlite_url, smtp).send(email(), yes)

    assert isinstance(outcome, Unknown)


@pytest.mark.parametrize(("reply", "expected"), [("452 full", RetryLater), ("552 too big", Rejected)])
async def test_smtp_replies_decide_between_later_and_never(
    sqlite_url: str, smtp: SmtpDouble, reply: str, expected: type[object]
) -> None:
    smtp.data_reply = reply

    assert isinstance(await smtp_sender(sqlite_url, smtp).send(email(), yes), expected)
