"""Events for later, events that stop making sense, and events that their sender takes back."""

import asyncio

import pytest

from hub.channels.base import RetryLater
from hub.errors import EventNotFound
from hub.ids import new_id
from hub.notifications.publishing import Progress
from tests.clock import MovableClock
from tests.conftest import in_thread, make_settings
from tests.databases import PostgresDatabases
from tests.doubles.gate import Gate
from tests.notifications.post import Posts
from tests.notifications.road import Road, open_road

HOUR = 3600.0
DATA = {"order_id": "A17", "title": "Video"}


async def cancel(road: Road, event_id: str) -> Progress:
    async with road.database.begin() as tx:
        return await road.publisher.cancel(tx, event_id)


async def progress(road: Road, event_id: str) -> Progress:
    async with road.database.read() as connection:
        return await road.publisher.progress(connection, event_id)


async def test_an_event_for_later_waits_for_its_time(road: Road) -> None:
    await road.publish("order.placed", "fan", data=DATA, not_before=road.clock.now() + 3_600_000)

    await road.work(HOUR - 0.001)
    assert await road.captures() == []
    await road.work(0.001)

    assert len(await road.captures()) == 1


async def test_later_rungs_count_from_that_time(road: Road) -> None:
    await road.device("fan")
    begin = road.clock.now()
    await road.publish("delivery.ready", "fan", data=DATA, not_before=begin + 3_600_000)

    await road.work(HOUR)
    await road.work(600)

    told = [(each.channel, (each.at - begin) // 1000) for each in await road.captures(None)]
    assert told == [("push", 3600), ("email", 4200)]


async def test_an_event_for_the_past_is_told_now(road: Road) -> None:
    await road.publish("order.placed", "fan", data=DATA, not_before=road.clock.now() - 3_600_000)

    await road.work()

    assert len(await road.captures()) == 1


async def test_what_expired_before_it_could_go_is_not_told(road: Road) -> None:
    await road.publish("order.placed", "fan", data=DATA, expires_at=road.clock.now() + 60_000)
    road.clock.forward(60)

    await road.work()

    assert await road.captures() == []
    assert await road.deliveries() == [("expired", "too late to matter", 0)]


async def test_it_is_told_up_to_that_moment(road: Road) -> None:
    await road.publish("order.placed", "fan", data=DATA, expires_at=road.clock.now() + 60_000)

    await road.work(59.999)

    assert len(await road.captures()) == 1


async def test_what_expires_while_it_is_tried_again_stops_there(road: Road) -> None:
    clock = MovableClock(stands=True)
    posts = Posts(clock)
    async with open_road(road.hub.settings, clock, posts.senders()) as busy:
        posts.email.answer = lambda message: RetryLater("busy", after_seconds=30)
        await busy.publish("order.placed", "fan", data=DATA, expires_at=clock.now() + 60_000)

        await busy.work()
        for _ in range(3):
            await busy.work(37)

        assert posts.email.calls == 2
        assert await busy.states() == ["expired"]


async def test_an_event_cancelled_before_it_is_planned_tells_nobody(road: Road) -> None:
    published = await road.publish("order.placed", "fan", "creator", data=DATA)

    assert (await cancel(road, published.event_id)).state == "cancelled"
    await road.work(HOUR)

    assert await road.captures(None) == []
    assert await road.rows() == []


async def test_an_event_for_later_that_is_cancelled_before_tells_nobody(road: Road) -> None:
    published = await road.publish("order.placed", "fan", "creator", data=DATA, not_before=road.clock.now() + 60_000)
    await road.work()

    cancelled = await cancel(road, published.event_id)
    await road.work(HOUR)

    assert await road.captures(None) == []
    assert await road.deliveries() == []
    assert cancelled.state == "cancelled"


async def test_cancelling_what_went_out_stops_the_rungs_that_did_not(road: Road) -> None:
    await road.device("fan")
    published = await road.publish("delivery.ready", "fan", data=DATA)
    await road.work()

    await cancel(road, published.event_id)
    await road.work(HOUR)

    assert [each.channel for each in await road.captures(None)] == ["push"]
    assert await road.states("email") == ["cancelled"]


async def test_cancelling_twice_and_cancelling_what_is_over_is_no_error(road: Road) -> None:
    published = await road.publish("order.placed", "fan", data=DATA)
    await road.work()

    first = await cancel(road, published.event_id)
    assert await cancel(road, published.event_id) == first
    assert first.deliveries["accepted"] == 2, "the inbox's, and the e-mail's"


async def test_an_unknown_event_cannot_be_cancelled_nor_looked_at(road: Road) -> None:
    with pytest.raises(EventNotFound):
        await cancel(road, new_id())
    with pytest.raises(EventNotFound):
        await progress(road, new_id())


async def test_progress_counts_people_and_what_became_of_them(road: Road) -> None:
    published = await road.publish("payment.settled", "fan", "creator", data=DATA)
    before = await progress(road, published.event_id)

    await road.work()

    assert (before.planned, before.deliveries) == (2, {})
    assert (await progress(road, published.event_id)).deliveries == {"accepted": 4}


async def test_cancelling_while_the_provider_is_being_prepared_stops_it(database_url: str) -> None:
    clock = MovableClock(stands=True)
    posts = Posts(clock)
    async with open_road(make_settings(database_url), clock, posts.senders()) as road:
        await road.begin()
        gate = posts.email.before = Gate()
        published = await road.publish("order.placed", "fan", data=DATA)
        await road.plan()
        working = asyncio.create_task(road.deliverer.run_once())
        await gate.reached()

        await cancel(road, published.event_id)
        gate.open()
        await working

        assert posts.email.calls == 0
        assert await road.deliveries() == [("cancelled", "cancelled by the sender", 0)]


async def test_planning_and_cancelling_at_once_end_with_nothing_sent_or_all_cancelled(
    postgres_databases: PostgresDatabases,
) -> None:
    """Whichever is first: what is planned before is found by the cancel, what comes after sees that it is cancelled."""
    url = in_thread(postgres_databases.fresh)
    clock = MovableClock(stands=True)
    posts = Posts(clock)
    async with open_road(make_settings(url), clock, posts.senders()) as road:
        await road.begin()
        ids = []
        for number in range(20):
            later = clock.now() + 1_000
            ids.append(
                (await road.publish("order.placed", "fan", data={"order_id": f"{number}"}, not_before=later)).event_id
            )

        await asyncio.gather(road.plan(), *(cancel(road, each) for each in ids))
        await road.work(HOUR)

        assert posts.email.taken == []
        assert set(await road.states()) <= {"cancelled"}
    in_thread(lambda: postgres_databases.drop(url))
