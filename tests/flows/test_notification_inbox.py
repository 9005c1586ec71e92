"""The inbox on several devices at once: what comes in, and what is done with it, shows everywhere."""

import asyncio
from typing import Any

from hub.clock import rfc3339
from tests.clock import MovableClock
from tests.conftest import make_settings
from tests.flows.notified import told
from tests.running import PATIENCE, Person, RunningHub


async def devices(hub: RunningHub) -> tuple[Person, Person]:
    """The fan's phone and laptop."""
    await hub.user("fan")
    return await hub.connected("fan"), await hub.connected("fan")


async def updated(person: Person, unseen: int) -> dict[str, object]:
    found: dict[str, object] = await person.received(
        "notification.updated", lambda payload: payload["unseen"] == unseen
    )
    return found


async def test_a_new_notification_shows_on_all_devices_with_the_badge(hub: RunningHub) -> None:
    phone, laptop = await devices(hub)
    stranger = await hub.connected("stranger")

    notification_id = await told(hub)

    for device in (phone, laptop):
        event = await device.received("notification.new")
        assert event["unseen"] == 1
        assert event["notification"]["id"] == notification_id
        assert event["notification"]["category"] == "orders"
        assert event["notification"]["title"]
    await stranger.ask("time.get")
    assert stranger.named("notification.new") == stranger.named("notification.updated") == []


async def test_what_one_device_does_clears_the_badge_of_the_other(hub: RunningHub) -> None:
    phone, laptop = await devices(hub)
    first, second = await told(hub), await told(hub)
    await laptop.received("notification.new", lambda event: event["unseen"] == 2)

    assert await phone.ask("notification.seen", up_to=first) == {"unseen": 1}
    assert "notification_ids" not in await updated(laptop, 1)
    assert await phone.ask("notification.read", notification_id=second) == {"unseen": 0}
    assert (await updated(laptop, 0))["notification_ids"] == [second]
    assert await phone.ask("notification.archive", notification_id=first) == {"unseen": 0}
    await laptop.received("notification.updated", lambda event: event.get("notification_ids") == [first])
    listed = await laptop.ask("notification.list")
    assert [each["id"] for each in listed["notifications"]] == [second]
    archived = await laptop.ask("notification.list", filter="archived")
    assert [each["id"] for each in archived["notifications"]] == [first]


async def test_a_session_begins_with_the_badge(hub: RunningHub) -> None:
    for _ in range(3):
        await told(hub)
    await told(hub, "creator")

    fan = await hub.connected("fan")

    assert fan.named("session.ready")[0]["unread"]["notifications"] == 3


async def test_the_list_comes_in_pages_over_both_roads(hub: RunningHub) -> None:
    ids = [await told(hub) for _ in range(5)]
    fan = await hub.connected("fan")

    page = await fan.ask("notification.list", limit=3)
    rest = await fan.ask("notification.list", limit=3, cursor=page["next"])
    assert [each["id"] for each in page["notifications"] + rest["notifications"]] == ids[::-1]
    assert "next" not in rest
    token = hub.token("fan", "fan")
    status, answer = await hub.http("GET", "/api/v1/me/notifications?limit=3", token=token)
    assert (status, answer["data"]) == (200, {"notifications": page["notifications"], "unseen": 5})
    cursor = answer["metadata"]["pagination"]["next"]
    status, answer = await hub.http("GET", f"/api/v1/me/notifications?limit=3&cursor={cursor}", token=token)
    assert answer["data"]["notifications"] == rest["notifications"]
    assert answer["metadata"]["pagination"]["next"] is None


async def test_when_a_snooze_ends_the_badge_comes_back_by_itself(sqlite_url: str, start_hub: Any) -> None:
    clock = MovableClock()
    hub: RunningHub = await start_hub(make_settings(sqlite_url), clock=clock)
    phone, laptop = await devices(hub)
    notification_id = await told(hub)
    await phone.received("notification.new")

    answer = await phone.ask("notification.snooze", notification_id=notification_id, until=clock.text(seconds=0.5))
    assert answer == {"unseen": 0}
    await updated(laptop, 0)
    assert (await phone.ask("notification.list"))["notifications"] == []

    await updated(laptop, 1)
    back = (await phone.ask("notification.list"))["notifications"][0]
    assert (back["id"], "snoozed_until" in back, "seen_at" in back) == (notification_id, False, False)


async def test_many_notifications_at_once_are_told_once_each(hub: RunningHub) -> None:
    phone, _ = await devices(hub)

    ids = set(await asyncio.gather(*(told(hub) for _ in range(20))))

    async with asyncio.timeout(PATIENCE):
        await phone.until(lambda: len(phone.named("notification.new")) == len(ids))
    assert {event["notification"]["id"] for event in phone.named("notification.new")} == ids
    assert phone.named("notification.new")[-1]["unseen"] == len(ids)


async def test_everything_of_the_inbox_is_there_over_http(hub: RunningHub) -> None:
    phone, _ = await devices(hub)
    first, second = await told(hub), await told(hub)
    await phone.received("notification.new", lambda event: event["unseen"] == 2)
    token = hub.token("fan", "fan")

    async def post(path: str, body: dict[str, object] | None = None) -> int:
        data = await hub.ok("POST", f"/api/v1/me/notifications{path}", body or {}, token=token)
        return int(data["unseen"])

    async def ids(wanted: str) -> list[str]:
        data = await hub.ok("GET", f"/api/v1/me/notifications?filter={wanted}", token=token)
        return [each["id"] for each in data["notifications"]]

    assert await post("/seen", {"up_to": first}) == 1
    assert await post(f"/{first}/read") == 1
    assert await ids("unread") == [second]
    assert await post(f"/{first}/unread") == 1
    assert await post("/read-all") == 0
    await updated(phone, 0)
    assert await ids("unread") == []
    assert await post(f"/{second}/archive") == 0
    assert (await ids("archived"), await ids("all")) == ([second], [first])
    assert await post(f"/{second}/unarchive") == 0
    assert await post(f"/{second}/snooze", {"until": rfc3339(hub.hub.services.clock.now() + 3_600_000)}) == 0
    assert (await ids("snoozed"), await ids("all")) == ([second], [first])


async def test_an_unread_message_comes_in_once_and_goes_when_it_is_read(hub: RunningHub) -> None:
    conversation_id = await hub.order_chat(title="Portrait")
    await hub.user("fan", locale="fr")
    fan, creator = await hub.connected("fan"), await hub.connected("creator", "creator")

    await creator.send(conversation_id, "Bonjour !")
    entry = (await fan.received("notification.new"))["notification"]
    await creator.send(conversation_id, "Vous êtes là ?")

    assert (entry["type"], entry["conversation_id"]) == ("message.unread", conversation_id)
    assert "Creator" in entry["title"] + entry["body"]
    assert "Bonjour" in entry["body"]
    assert entry["url"].endswith(f"/?conversation={conversation_id}")
    listed = await fan.ask("notification.list")
    assert [each["id"] for each in listed["notifications"]] == [entry["id"]]
    await fan.ask("message.read", conversation_id=conversation_id, seq=2)
    await updated(fan, 0)
    read = (await fan.ask("notification.list"))["notifications"][0]
    assert "read_at" in read
    assert read["title"]
    assert creator.named("notification.new") == []
