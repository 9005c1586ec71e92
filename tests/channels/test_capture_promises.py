"""The sandbox keeps the promises of a sender, on both databases."""

from collections.abc import AsyncIterator

import pytest

from hub.channels.base import Accepted, Email, Rejected
from hub.channels.capture import CaptureSender
from persistence import captured
from persistence.engine import Connections
from persistence.uow import Database
from tests.channels.conformance import Plain, SenderPromises, yes
from tests.channels.mail import email, mail_settings
from tests.clock import MovableClock


class CaptureCase(Plain):
    def __init__(self, database: Database) -> None:
        self.database = database
        self.sender = CaptureSender(database, "email", mail_settings())

    def message(self, delivery_id: str) -> Email:
        return email(delivery_id)

    async def count(self) -> int:
        async with self.database.read() as connection:
            return len(await captured.newest(connection, user_id=None, channel=None))


@pytest.fixture
async def case(database_url: str) -> AsyncIterator[CaptureCase]:
    database = Database(Connections(database_url), MovableClock(stands=True))
    yield CaptureCase(database)
    await database.connections.close()


class TestCapture(SenderPromises):
    """The suite."""


@pytest.mark.parametrize(
    "changes",
    [{"to": "jöe@example.com"}, {"subject": "a\nBcc: b@c"}, {"subject": "\x00"}, {"text": "\ud800"}],
    ids=["local part", "line break", "NUL", "half a surrogate pair"],
)
async def test_what_cannot_be_sent_is_an_outcome_and_never_an_exception(
    case: CaptureCase, changes: dict[str, str]
) -> None:
    outcome = await case.sender.send(email(**changes), yes)

    assert isinstance(outcome, Accepted | Rejected)
    assert await case.count() == (1 if isinstance(outcome, Accepted) else 0)
