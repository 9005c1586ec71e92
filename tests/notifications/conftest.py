"""Fixtures: an SMTP server double, and the durable road with a clock that the test moves."""

from collections.abc import AsyncIterator

import pytest

from hub.settings import Settings
from tests.conftest import make_settings
from tests.doubles.smtp import SmtpDouble, running_smtp
from tests.notifications.road import Road, open_road

DELAY = 30.0


@pytest.fixture
async def smtp() -> AsyncIterator[SmtpDouble]:
    async with running_smtp() as double:
        yield double


@pytest.fixture
def smtp_settings(database_url: str, smtp: SmtpDouble) -> Settings:
    return make_settings(
        database_url,
        unread_email_seconds=DELAY,
        smtp_host="127.0.0.1",
        smtp_port=smtp.port,
        smtp_tls="none",
        smtp_from="The Hub <no-reply@hub.example>",
        smtp_timeout_seconds=5,
    )


@pytest.fixture
async def road(database_url: str) -> AsyncIterator[Road]:
    """A road whose e-mails are captured."""
    async with open_road(make_settings(database_url, unread_email_seconds=DELAY)) as made:
        await made.begin()
        yield made


@pytest.fixture
async def mail_road(smtp_settings: Settings) -> AsyncIterator[Road]:
    """A road whose e-mails go to the SMTP double."""
    async with open_road(smtp_settings) as made:
        await made.begin()
        yield made
