"""The inbox: unseen, seen, read, archived, snoozed; pages; and what is told to the person's devices."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from hub.errors import NotificationNotFound, RequestInvalid
from hub.events import InboxChanged
from hub.ids import new_id
from persistence.inbox import Filter
from tests.notifications.desk import PUBLIC_URL, Desk, as_json, open_desk

HOUR_MS = 3_600_000


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(database_url) as made:
        yield made


async def listed(desk: Desk, wanted: Filter = "all", user_id: str = "fan") -> list[str]:
    page = await desk.inbox.page(user_id, wanted=wanted, before=None, limit=100)
    return [each.id for each in page.notifications]


async def unseen(desk: Desk, user_id: str = "fan") -> int:
    return (await desk.inbox.standings([user_id]))[user_id].unseen


async def test_the_list_is_newest_first_and_in_pages(desk: Desk) -> None:
    ids = [await desk.told() for _ in range(5)]
    await desk.told("creator")

    first = await desk.inbox.page("fan", before=None, limit=2)
    second = await desk.inbox.page("fan", before=first.next, limit=2)
    third = await desk.inbox.page("fan", before=second.next, limit=2)

    pages = [[each.id for each in page.notifications] for page in (first, second, third)]
    assert pages == [[ids[4], ids[3]], [ids[2], ids[1]], [ids[0]]]
    assert (third.next, first.unseen, third.unseen) == (None, 5, 5)


async def test_an_entry_that_was_made_for_later_stands_where_it_came_in(desk: Desk) -> None:
    planned = new_id()
    first = await desk.told()
    desk.clock.forward(60)
    await desk.told(id=planned)

    assert await listed(desk) == [planned, first]
    assert await desk.inbox.see("fan", first) == 1


async def test_an_entry_is_shown_in_the_persons_language_with_what_it_leads_to(desk: Desk) -> None:
    conversation_id = new_id()
    await desk.person("fan", locale="fr")
    await desk.told(conversation_id=conversation_id, data='{"order_id":"o-1","creator_id":"creator"}')
    await desk.told(data='{"url":"https://elsewhere.example/x"}')
    for url in ("/orders/1", "//elsewhere.example/x", "/\\elsewhere.example", "javascript:alert(1)"):
        await desk.told(data=msgspec.json.encode({"url": url}).decode())

    page = await desk.inbox.page("fan", before=None, limit=10)

    script, slash, other, path, led, order = as_json(page.notifications)
    assert script["url"] == slash["url"] == other["url"] == f"{PUBLIC_URL}/"
    assert path["url"] == f"{PUBLIC_URL}/orders/1"
    assert led["url"] == "https://elsewhere.example/x"
    assert order["url"] == f"{PUBLIC_URL}/?conversation={conversation_id}"
    assert (order["type"], order["category"], order["priority"]) == ("order.placed", "orders", "high")
    assert order["data"] == {"order_id": "o-1", "creator_id": "creator"}
    assert order["title"]
    await desk.person("fan", locale="ht")
    again = await desk.inbox.page("fan", before=None, limit=10)
    assert again.notifications[-1].title != order["title"]
    assert "read_at" not in order
    assert "snoozed_until" not in order


async def test_looking_at_the_list_clears_the_badge_once(desk: Desk) -> None:
    ids = [await desk.told() for _ in range(3)]

    assert await desk.inbox.see("fan", ids[1]) == 1
    assert await desk.inbox.see("fan") == 0
    assert await desk.inbox.see("fan") == 0

    assert desk.changes == [InboxChanged("fan"), InboxChanged("fan")]
    assert await listed(desk, "unread") == ids[::-1]


async def test_reading_marks_as_seen_and_can_be_taken_back(desk: Desk) -> None:
    first, second = await desk.told(), await desk.told()

    assert await desk.inbox.read("fan", first) == 1
    assert await listed(desk, "unread") == [second]
    assert await desk.inbox.unread("fan", first) == 1
    assert await listed(desk, "unread") == [second, first]
    assert desk.changes == [InboxChanged("fan", changed_id=first)] * 2


async def test_reading_all_reads_all_but_what_is_put_off(desk: Desk) -> None:
    ids = [await desk.told() for _ in range(3)]
    await desk.inbox.snooze("fan", ids[0], desk.clock.now() + HOUR_MS)

    assert await desk.inbox.read_all("fan") == 0
    assert await listed(desk, "unread") == []
    desk.clock.forward(3_600)
    assert await listed(desk, "unread") == [ids[0]]


async def test_an_archived_entry_is_only_in_the_archive(desk: Desk) -> None:
    first, second = await desk.told(), await desk.told()

    assert await desk.inbox.archive("fan", first) == 1
    assert (await listed(desk), await listed(desk, "archived")) == ([second], [first])
    assert await desk.inbox.unarchive("fan", first) == 1
    assert (await listed(desk), await listed(desk, "archived")) == ([second, first], [])


async def test_the_archive_comes_in_pages_too(desk: Desk) -> None:
    ids = []
    for step in (0, 0, 1):
        desk.clock.forward(step)
        ids.append(await desk.told())
        await desk.inbox.archive("fan", ids[-1])

    first = await desk.inbox.page("fan", wanted="archived", before=None, limit=2)
    second = await desk.inbox.page("fan", wanted="archived", before=first.next, limit=2)

    assert [each.id for each in first.notifications + second.notifications] == ids[::-1]
    assert second.next is None


async def test_a_snoozed_entry_goes_away_and_comes_back_as_new(desk: Desk) -> None:
    first, second = await desk.told(), await desk.told()
    await desk.inbox.see("fan")
    await desk.inbox.read("fan", first)

    assert await desk.inbox.snooze("fan", first, desk.clock.now() + HOUR_MS) == 0
    assert (await listed(desk), await listed(desk, "snoozed")) == ([second], [first])
    assert (await desk.inbox.standings(["fan"]))["fan"].wakes_at == desk.clock.now() + HOUR_MS
    desk.clock.forward(3_600)

    assert (await listed(desk), await listed(desk, "snoozed")) == ([second, first], [])
    assert await unseen(desk) == 1
    back = as_json((await desk.inbox.page("fan", before=None, limit=10)).notifications[-1])
    assert not {"seen_at", "read_at", "snoozed_until"} & set(back)
    desk.clock.forward(1)
    assert await desk.inbox.see("fan") == 0
    assert await desk.inbox.read("fan", first) == 0
    assert await listed(desk, "unread") == [second]


async def test_what_never_came_into_the_inbox_is_not_there(desk: Desk) -> None:
    hidden = await desk.told(inbox=False)

    assert await listed(desk) == []
    assert await unseen(desk) == 0
    assert await desk.inbox.news([hidden]) == {}
    with pytest.raises(NotificationNotFound):
        await desk.inbox.read("fan", hidden)


async def test_another_persons_entry_is_as_if_it_did_not_exist(desk: Desk) -> None:
    theirs = await desk.told("creator")
    later = desk.clock.now() + HOUR_MS

    for change in (desk.inbox.read, desk.inbox.unread, desk.inbox.archive, desk.inbox.unarchive):
        with pytest.raises(NotificationNotFound):
            await change("fan", theirs)
    with pytest.raises(NotificationNotFound):
        await desk.inbox.snooze("fan", theirs, later)
    assert await desk.inbox.see("fan", theirs) == 0
    assert await unseen(desk, "creator") == 1
    assert desk.changes == []


async def test_a_snooze_ends_within_a_year_from_now(desk: Desk) -> None:
    mine = await desk.told()

    for until in (desk.clock.now(), desk.clock.now() - 1, desk.clock.now() + 400 * 24 * HOUR_MS):
        with pytest.raises(RequestInvalid):
            await desk.inbox.snooze("fan", mine, until)


async def test_one_entry_that_cannot_be_worded_does_not_hide_the_others(desk: Desk) -> None:
    odd = await desk.told(kind="no_such.event", data='{"body":{"deep":[1]},"title":[]}')
    plain = await desk.told()

    page = await desk.inbox.page("fan", before=None, limit=10)

    assert [each.id for each in page.notifications] == [plain, odd]
    assert all(each.title for each in page.notifications)
