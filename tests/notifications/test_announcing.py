"""Announcements: a whole audience by pages, resumed where it stopped, at a pace, with progress."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from hub.notifications.announcing import PAGE
from hub.notifications.publishing import Audience, Progress
from hub.settings import Settings
from persistence import bulk
from persistence.preferences import preference
from persistence.users import user
from tests.conftest import make_settings
from tests.notifications.road import Road, open_road

FAST = 100_000
"""People a second: no pause."""


@pytest.fixture
def settings(database_url: str) -> Settings:
    return make_settings(database_url, announcement_pace=FAST)


async def crowd(road: Road, count: int, **columns: Any) -> None:
    """That many people more, who want news."""
    now = road.clock.now()
    ids = [f"{columns.get('locale', 'en')}-{number:05}" for number in range(count)]
    row = {"display_name": "X", "roles": ["fan"], "email": "x@example.com", "locale": "en", "time_zone": "UTC"}
    times = {"created_at": now, "updated_at": now}
    wish = {"scope": "category:news", "channel": "email", "allowed": True, "updated_at": now}
    async with road.database.begin() as tx:
        await bulk.insert_many(tx.connection, user, [{**row, **times, **columns, "id": each} for each in ids])
        await bulk.insert_many(tx.connection, preference, [{**wish, "user_id": each} for each in ids])


async def announce(road: Road, **audience: tuple[str, ...]) -> str:
    published = await road.publish("platform.news", audience=Audience(**audience), data={"title": "News"})
    assert published.notifications == []
    return published.event_id


async def progress(road: Road, event_id: str) -> Progress:
    async with road.database.read() as connection:
        return await road.publisher.progress(connection, event_id)


async def told(road: Road) -> Counter[str]:
    return Counter(row.user_id for row in await road.rows("email"))


async def test_everybody_is_planned_for_once_page_by_page(settings: Settings) -> None:
    async with open_road(settings) as road:
        await crowd(road, 2 * PAGE + 300)
        event_id = await announce(road)
        pages = []

        while looked_at := await road.announcer.run_once():
            pages.append(looked_at)
            now = await progress(road, event_id)
            assert now.planned == sum(pages)
            assert now.state == ("done" if looked_at < PAGE else "planning")

        assert pages == [PAGE, PAGE, 300]
        assert set((await told(road)).values()) == {1}
        assert (await progress(road, event_id)).deliveries == {"planned": 2 * PAGE + 300}


async def test_an_audience_whose_size_is_that_of_pages_ends_too(settings: Settings) -> None:
    async with open_road(settings) as road:
        await crowd(road, PAGE)
        event_id = await announce(road)

        assert [await road.announcer.run_once() for _ in range(3)] == [PAGE, 0, 0]
        assert (await progress(road, event_id)).state == "done"


@pytest.mark.parametrize(
    ("audience", "expected"),
    [
        ({"roles": ("creator",)}, {"creator"}),
        ({"roles": ("fan",)}, {"fr-00000", "ht-00000"}),
        ({"roles": ("fan", "creator")}, {"creator", "fr-00000", "ht-00000"}),
        ({"locales": ("fr",)}, {"fr-00000"}),
        ({"locales": ("fr", "en")}, {"fan", "creator", "fr-00000"}),
        ({"roles": ("fan",), "locales": ("ht",)}, {"ht-00000"}),
        ({"roles": ("moderator",)}, set()),
        ({}, {"fan", "creator", "fr-00000", "ht-00000"}),
    ],
)
async def test_an_audience_is_who_all_conditions_fit(
    sqlite_url: str, audience: dict[str, tuple[str, ...]], expected: set[str]
) -> None:
    async with open_road(make_settings(sqlite_url, announcement_pace=FAST)) as road:
        await road.begin()
        for locale in ("fr", "ht"):
            await crowd(road, 1, locale=locale)
        event_id = await announce(road, **audience)

        while await road.announcer.run_once():
            pass

        assert {row.user_id for row in await road.notifications()} == expected
        assert (await progress(road, event_id)).state == "done"


async def test_a_crash_between_pages_is_resumed_and_one_within_a_page_has_no_effect(settings: Settings) -> None:
    async with open_road(settings) as road:
        await crowd(road, 2 * PAGE + 10)
        event_id = await announce(road)
        await road.announcer.run_once()
        dying = asyncio.create_task(road.announcer.run_once())
        await asyncio.sleep(0)  # somewhere in its page
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)

        async with open_road(settings, road.clock) as other:
            while await other.announcer.run_once():
                pass

        counts = await told(road)
        assert (len(counts), set(counts.values())) == (2 * PAGE + 10, {1})
        assert (await progress(road, event_id)).planned == 2 * PAGE + 10


async def test_two_workers_at_once_plan_each_person_once(settings: Settings) -> None:
    async with open_road(settings) as road, open_road(settings, road.clock) as other:
        await crowd(road, 2 * PAGE + 10)
        events = [await announce(road), await announce(road)]

        async def work(each: Road) -> None:
            while "planning" in [(await progress(each, event_id)).state for event_id in events]:
                await each.announcer.run_once()

        await asyncio.gather(work(road), work(other))

        assert set((await told(road)).values()) == {2}
        assert [(await progress(road, each)).planned for each in events] == [2 * PAGE + 10] * 2


async def test_an_announcement_for_later_waits(settings: Settings) -> None:
    async with open_road(settings) as road:
        await crowd(road, 3)
        later = road.clock.now() + 60_000
        await road.publish("platform.news", audience=Audience(), data={}, not_before=later)

        assert await road.announcer.run_once() == 0
        road.clock.forward(60)
        assert await road.announcer.run_once() == 3


async def test_a_cancelled_announcement_stops_where_it_is(settings: Settings) -> None:
    async with open_road(settings) as road:
        await crowd(road, 2 * PAGE)
        event_id = await announce(road)
        await road.announcer.run_once()

        async with road.database.begin() as tx:
            await road.publisher.cancel(tx, event_id)

        assert await road.announcer.run_once() == 0
        await road.work(60)
        assert await road.captures(None) == []
        now = await progress(road, event_id)
        assert (now.state, now.planned, now.deliveries) == ("cancelled", PAGE, {"cancelled": PAGE})


async def test_the_pace_is_kept(sqlite_url: str) -> None:
    """A page of 200 at 1,000 people a second takes a fifth of a second, however fast the database is."""
    async with open_road(make_settings(sqlite_url, announcement_pace=1_000)) as road:
        await crowd(road, 200)
        await announce(road)
        clock = asyncio.get_running_loop().time
        begin = clock()

        assert await road.announcer.run_once() == 200

        assert clock() - begin >= 0.2


async def test_the_same_key_announces_once(settings: Settings) -> None:
    async with open_road(settings) as road:
        await crowd(road, 3)
        first = await road.publish("platform.news", audience=Audience(), dedupe_key="spring")
        again = await road.publish("platform.news", audience=Audience(), dedupe_key="spring")

        while await road.announcer.run_once():
            pass

        assert again == first
        assert len(await road.notifications()) == 3
