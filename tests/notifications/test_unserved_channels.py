"""In production a channel without a provider tells nobody, so its rungs do not count as told."""

import msgspec
import pytest
from sqlalchemy import select

from hub.settings import Settings
from persistence.notifications import notification
from tests.conftest import SECRET, make_settings
from tests.notifications.road import Road, open_road

DATA = {"order_id": "A17", "title": "Video"}


async def reasons(road: Road) -> dict[str, str]:
    async with road.database.read() as connection:
        (decisions,) = (await connection.execute(select(notification.c.decisions))).one()
    return {each["channel"]: each["reason"] for each in msgspec.json.decode(decisions)}


@pytest.fixture
def bare(sqlite_url: str) -> Settings:
    return make_settings(
        sqlite_url, env="production", jwt_secret=SECRET, twilio_account_sid="AC1", twilio_sms_from="+15550100"
    )


async def test_a_rung_without_a_provider_is_skipped_and_the_next_one_climbs(bare: Settings) -> None:
    async with open_road(bare) as road:
        await road.begin(phone="+50934123456")
        await road.device("fan")
        await road.publish("order.placed", "fan", data=DATA)
        await road.plan()

        assert await reasons(road) == {
            "email": "no_provider",
            "push": "no_provider",
            "sms": "by_default",
            "in_app": "by_default",
        }
        (sms,) = await road.rows("sms")
        assert sms.due_at <= road.clock.now(), "it does not wait for rungs that tell nobody"


async def test_in_development_the_sandbox_serves_every_channel(sqlite_url: str) -> None:
    async with open_road(make_settings(sqlite_url)) as road:
        await road.begin()
        await road.publish("order.placed", "fan", data=DATA)
        await road.work()

        assert [each.channel for each in await road.captures(None)] == ["email"]
