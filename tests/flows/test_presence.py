"""Presence: who is there, told to those who may know and asked."""

from typing import Any

from tests.clock import moment
from tests.flows.story import conversation
from tests.running import Person, RunningHub


async def watch(person: Person, *user_ids: str) -> list[Any]:
    users: list[Any] = (await person.ask("presence.subscribe", user_ids=list(user_ids)))["users"]
    return users


def statuses(person: Person) -> list[str]:
    return [each["status"] for each in person.named("presence")]


async def test_online_is_told_at_once_and_offline_after_the_grace_period(live_hub: RunningHub) -> None:
    await conversation(live_hub, "fan")
    creator = await live_hub.connected("creator", "creator")
    assert await watch(creator, "fan") == [{"user_id": "fan", "status": "offline", "last_seen": None}]

    fan = await live_hub.connected("fan")
    assert await creator.received("presence") == {"user_id": "fan", "status": "online", "last_seen": None}
    await fan.disconnect()
    gone = await creator.received("presence", lambda payload: payload["status"] == "offline")

    assert moment(gone["last_seen"])
    assert await watch(creator, "fan") == [gone]
    assert statuses(creator) == ["online", "offline"]


async def test_a_reload_or_a_second_device_does_not_flap(live_hub: RunningHub) -> None:
    await conversation(live_hub, "fan")
    creator = await live_hub.connected("creator", "creator")
    first = await live_hub.connected("fan")
    second = await live_hub.connected("fan")
    await watch(creator, "fan")

    await first.disconnect()
    await second.disconnect()
    reloaded = await live_hub.connected("fan")
    await reloaded.ask("presence.set", status="busy")
    await reloaded.disconnect()

    await creator.received("presence", lambda payload: payload["status"] == "offline")
    assert statuses(creator) == ["busy", "offline"]
    await live_hub.connected("fan")
    await creator.until(lambda: statuses(creator) == ["busy", "offline", "online"])  # what was chosen is forgotten


async def test_an_invisible_person_cannot_be_told_from_one_who_has_left(live_hub: RunningHub) -> None:
    await conversation(live_hub, "fan", "other")
    creator = await live_hub.connected("creator", "creator")
    await watch(creator, "fan", "other")
    fan, other = await live_hub.connected("fan"), await live_hub.connected("other")
    await creator.until(lambda: statuses(creator) == ["online", "online"])

    await other.disconnect()
    await fan.ask("presence.set", status="invisible")

    await creator.until(lambda: statuses(creator) == ["online", "online", "offline", "offline"])
    shown = {each["user_id"]: each for each in await watch(creator, "fan", "other")}
    assert shown["fan"]["status"] == shown["other"]["status"] == "offline"
    assert moment(shown["other"]["last_seen"])
    assert moment(shown["fan"]["last_seen"])
    before = shown["fan"]
    await fan.disconnect()
    await live_hub.connected("other")
    await creator.until(lambda: len(statuses(creator)) == 5)
    assert await watch(creator, "fan") == [before]  # leaving unseen shows nothing


async def test_strangers_look_absent(live_hub: RunningHub) -> None:
    await conversation(live_hub, "fan")
    creator = await live_hub.connected("creator", "creator")
    stranger = await live_hub.connected("stranger")

    seen = await watch(stranger, "creator", "nobody", "stranger")
    await creator.ask("presence.set", status="away")
    fan = await live_hub.connected("fan")
    assert await watch(fan, "creator") == [{"user_id": "creator", "status": "away", "last_seen": None}]

    assert seen == [
        {"user_id": "creator", "status": "offline", "last_seen": None},
        {"user_id": "nobody", "status": "offline", "last_seen": None},
        {"user_id": "stranger", "status": "online", "last_seen": None},
    ]
    await stranger.ask("time.get")
    assert stranger.named("presence") == []


async def test_who_has_unsubscribed_hears_no_more(live_hub: RunningHub) -> None:
    await conversation(live_hub, "fan")
    creator, fan = await live_hub.connected("creator", "creator"), await live_hub.connected("fan")
    await watch(creator, "fan")

    await fan.ask("presence.set", status="busy")
    await creator.ask("presence.unsubscribe", user_ids=["fan"])
    await fan.ask("presence.set", status="away")
    await creator.ask("time.get")

    assert statuses(creator) == ["busy"]
