"""Nobody is flooded: so many alerts in an hour, however many events; and one alert of the same thing."""

import pytest

from hub.notifications.batch import CAPS
from tests.notifications.road import Road

HOUR = 3600.0


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """How much is too much has nothing to do with the kind of database."""
    return sqlite_url


async def flood(road: Road, count: int, kind: str = "ppv.received") -> None:
    for number in range(count):
        await road.publish(kind, "fan", data={"order_id": f"A{number}"})


async def test_what_is_more_than_the_cap_waits_until_there_is_room(road: Road) -> None:
    most, seconds = CAPS["push"]
    await road.device("fan")
    await flood(road, most + 5)

    await road.work()
    assert len(await road.captures("push")) == most
    held = [row for row in await road.rows("push") if row.state == "held"]
    assert [row.reason for row in held] == ["too many at once"] * 5
    await road.work(seconds - 1)
    assert len(await road.captures("push")) == most
    await road.work(2)

    assert len(await road.captures("push")) == most + 5


async def test_the_cap_is_for_all_events_together(road: Road) -> None:
    most, _ = CAPS["email"]
    await flood(road, most, "order.placed")
    await road.work()

    await road.publish("payment.settled", "fan", data={"order_id": "B1"})
    await road.work()

    assert len(await road.captures("email")) == most
    assert (await road.deliveries())[-1][:2] == ("held", "too many at once")


async def test_what_is_critical_passes_the_cap(road: Road) -> None:
    most, _ = CAPS["email"]
    await flood(road, most, "order.placed")
    await road.work()

    await road.publish("security.password", "fan")
    await road.work()

    assert (await road.captures("email"))[-1].subject == "A change to your account"


async def test_one_persons_flood_is_not_anothers(road: Road) -> None:
    await flood(road, CAPS["email"][0] + 1, "order.placed")
    await road.publish("order.placed", "creator", data={"order_id": "A1"})

    await road.work()

    assert [mail.user_id for mail in await road.captures("email")].count("creator") == 1


async def test_the_inbox_shows_all_of_a_flood(road: Road) -> None:
    most, _ = CAPS["email"]
    await flood(road, most + 5, "order.placed")

    await road.work()

    assert len(await road.notifications(inbox=True)) == most + 5


async def test_the_same_thing_alerts_once_an_hour(road: Road) -> None:
    first = await road.publish("review.posted", "fan", data={"order_id": "A1"})
    await road.plan()
    second = await road.publish("review.posted", "fan", data={"order_id": "A1"})
    await road.publish("review.posted", "fan", data={"order_id": "A2"})

    await road.work(HOUR)

    assert len(await road.captures("email")) == 2
    assert {each["reason"] for each in await road.decisions(first.notifications[0])} == {"by_default"}
    throttled = [each for each in await road.decisions(second.notifications[0]) if each["channel"] == "email"]
    assert [(each["verdict"], each["level"]) for each in throttled] == [("skip", "throttle")]
    assert all(each.inbox for each in await road.notifications(user_id="fan"))


async def test_an_hour_later_it_alerts_again(road: Road) -> None:
    for _ in range(2):
        await road.publish("review.posted", "fan", data={"order_id": "A1"})
        await road.work(HOUR + 1)

    assert len(await road.captures("email")) == 2


async def test_a_burst_about_one_conversation_gives_one_push(road: Road) -> None:
    await road.device("fan")
    for number in range(5):
        await road.write(f"Message {number}")

    await road.work(11)

    (push,) = await road.captures("push")
    assert push.subject == "5 new messages from Creator"
