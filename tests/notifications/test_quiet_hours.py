"""Quiet hours put off, and never skip: as the clocks of the person's zone say, also where they change that night."""

from datetime import UTC, datetime

import pytest

from tests.notifications.road import Road

NIGHT = datetime(2030, 1, 15, 23, 30, tzinfo=UTC)
QUIET = {"quiet_start": "22:00", "quiet_end": "07:00"}
DATA = {"order_id": "A17", "title": "Video"}

CHANGES = [
    # Zone, when it happens, when it may be told. New York puts its clocks forward on 2030-03-10, back on 2030-11-03.
    ("America/Port-au-Prince", datetime(2030, 1, 16, 4, 0, tzinfo=UTC), datetime(2030, 1, 16, 12, 0, tzinfo=UTC)),
    ("America/New_York", datetime(2030, 3, 10, 4, 0, tzinfo=UTC), datetime(2030, 3, 10, 11, 0, tzinfo=UTC)),
    ("America/New_York", datetime(2030, 11, 3, 4, 0, tzinfo=UTC), datetime(2030, 11, 3, 12, 0, tzinfo=UTC)),
    ("Europe/Paris", datetime(2030, 3, 30, 22, 0, tzinfo=UTC), datetime(2030, 3, 31, 5, 0, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2030, 1, 15, 17, 0, tzinfo=UTC), datetime(2030, 1, 16, 1, 30, tzinfo=UTC)),
]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The time of day has nothing to do with the kind of database."""
    return sqlite_url


async def sleeper(road: Road, when: datetime = NIGHT, **profile: str) -> None:
    road.until(when)
    await road.person("fan", phone="+50934000001", **{**QUIET, **profile})
    await road.device("fan")


@pytest.mark.parametrize(("zone", "happens", "told"), CHANGES)
async def test_what_happens_at_night_is_told_when_the_night_is_over(
    road: Road, zone: str, happens: datetime, told: datetime
) -> None:
    await sleeper(road, happens, time_zone=zone)
    await road.publish("ppv.received", "fan")

    await road.work()
    (held,) = await road.rows("push")
    assert (held.state, held.reason, held.due_at) == ("held", "quiet hours", int(told.timestamp() * 1000))
    road.until(told)
    road.clock.forward(-0.001)
    await road.work()
    assert await road.captures("push") == []
    road.clock.forward(0.001)
    await road.work()

    assert len(await road.captures("push")) == 1


async def test_the_inbox_has_it_at_once(road: Road) -> None:
    await sleeper(road)
    await road.publish("ppv.received", "fan")

    await road.work()

    (told,) = await road.notifications(user_id="fan")
    assert told.inbox


@pytest.mark.parametrize("kind", ["security.password", "refund.made", "payout.sent", "dispute.opened"])
async def test_what_is_critical_does_not_wait(road: Road, kind: str) -> None:
    await sleeper(road)
    await road.publish(kind, "fan")

    await road.work()

    assert len(await road.captures("email")) == 1


async def test_an_event_published_as_critical_does_not_wait_either(road: Road) -> None:
    await sleeper(road)
    await road.publish("ppv.received", "fan", priority=0)

    await road.work()

    assert len(await road.captures("push")) == 1


async def test_what_was_read_during_the_night_is_not_told_in_the_morning(road: Road) -> None:
    await sleeper(road)
    seq = await road.write()
    await road.work(60)
    await road.read(seq)

    await road.work(12 * 3600)

    assert await road.captures(None) == []


async def test_a_digest_of_the_night_goes_out_in_the_morning_with_all_that_came(road: Road) -> None:
    await sleeper(road)
    await road.write("at night")
    await road.work(3600)
    assert await road.captures(None) == []
    await road.write("later that night")

    await road.work(8 * 3600)

    (mail,) = await road.captures("email")
    assert mail.subject == "2 new messages from Creator"


async def test_who_changes_their_night_is_told_by_the_new_one(road: Road) -> None:
    await sleeper(road)
    await road.publish("ppv.received", "fan")
    await road.plan()
    await road.person("fan", quiet_start=None, quiet_end=None)

    await road.work()

    assert len(await road.captures("push")) == 1


async def test_what_expires_during_the_night_is_not_told(road: Road) -> None:
    await sleeper(road)
    await road.publish("ppv.received", "fan", expires_at=road.clock.now() + 3_600_000)

    await road.work()
    await road.work(8 * 3600)

    assert await road.captures("push") == []
    assert await road.states("push") == ["expired"]
