"""The list of conversations: order, pages, unread counts and badges."""

import asyncio
from typing import Any

from tests.clock import MovableClock
from tests.conftest import make_settings
from tests.flows.story import conversation
from tests.running import Person, RunningHub


async def ids(person: Person, **query: Any) -> list[str]:
    listed = await person.ask("conversation.list", **query)
    return [each["id"] for each in listed["conversations"]]


async def test_the_list_is_ordered_by_activity(database_url: str, start_hub: Any) -> None:
    clock = MovableClock()
    hub = await start_hub(make_settings(database_url), clock=clock)
    first, second, third = [await conversation(hub, "fan") for _ in range(3)]
    fan = await hub.connected("fan")
    assert await ids(fan) == [third, second, first]

    clock.forward(1)
    await fan.send(first, "hello")
    clock.forward(1)
    await fan.send(second, "hello")
    clock.forward(1)
    await fan.ask("message.react", conversation_id=first, seq=1, emoji="👍")

    assert await ids(fan) == [first, second, third]


async def test_pages_of_the_list_hold_every_conversation_once(hub: RunningHub) -> None:
    # Created at once, so that many share a millisecond: the cursor has to tell them apart.
    created = await asyncio.gather(*(conversation(hub, "fan") for _ in range(13)))
    fan = await hub.connected("fan")

    found, cursor = [], {}
    while True:
        page = await fan.ask("conversation.list", limit=5, **cursor)
        found += [each["id"] for each in page["conversations"]]
        if "next" not in page:
            break
        cursor = {"cursor": page["next"]}

    assert sorted(found) == sorted(created)
    status, answer = await hub.http("GET", "/api/v1/conversations?limit=13", token=fan.token)
    assert (status, answer["metadata"]) == (200, {"pagination": {"next": None}})
    assert [each["id"] for each in answer["data"]["conversations"]] == found


async def test_unread_counts_others_messages_that_were_not_read_or_deleted(hub: RunningHub) -> None:
    conversation_id, quiet = await conversation(hub, "fan"), await conversation(hub, "fan")
    fan, creator = await hub.connected("fan"), await hub.connected("creator", "creator")
    for body in ("one", "two", "three", "four"):
        await creator.send(conversation_id, body)
    await fan.send(conversation_id, "mine")
    await fan.ask("message.read", conversation_id=conversation_id, seq=1)
    await creator.ask("message.delete", conversation_id=conversation_id, seq=2)

    listed = {each["id"]: each for each in (await fan.ask("conversation.list"))["conversations"]}
    again = await hub.connected("fan")

    assert (listed[conversation_id]["unread"], listed[quiet]["unread"]) == (2, 0)
    assert listed[conversation_id]["last_message"]["body"] == "mine"
    ready = again.named("session.ready")[0]
    assert (ready["unread"]["total"], ready["unread"]["conversations"]) == (2, {conversation_id: 2})


async def test_a_badge_reaches_a_socket_that_has_not_opened_the_conversation(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    fan, creator = await hub.connected("fan"), await hub.connected("creator", "creator")

    await creator.send(conversation_id, "one")
    two = await creator.send(conversation_id, "two")

    badge = await fan.received("conversation.updated", lambda payload: payload.get("unread") == 2)
    assert badge == {"conversation_id": conversation_id, "rev": 2, "unread": 2, "last_message": two}
    assert fan.named("message.new") == []
    await fan.ask("message.read", conversation_id=conversation_id, seq=2)
    await fan.received("conversation.updated", lambda payload: payload.get("unread") == 0)


async def test_a_new_conversation_appears_in_the_members_lists(hub: RunningHub) -> None:
    fan, stranger = await hub.connected("fan"), await hub.connected("stranger")

    conversation_id = await conversation(hub, "fan")

    badge = await fan.received("conversation.updated")
    assert badge == {"conversation_id": conversation_id, "rev": 0, "unread": 0}
    await stranger.ask("time.get")
    assert stranger.named("conversation.updated") == []


async def test_reading_on_one_device_clears_the_badge_on_the_other(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    phone, laptop = await hub.connected("fan"), await hub.connected("fan")
    creator = await hub.connected("creator", "creator")
    await creator.send(conversation_id, "one")
    await laptop.received("conversation.updated", lambda payload: payload.get("unread") == 1)

    await phone.ask("message.read", conversation_id=conversation_id, seq=1)

    await laptop.received("conversation.updated", lambda payload: payload.get("unread") == 0)


async def test_listing_by_state_agrees_with_the_state_that_is_shown(database_url: str, start_hub: Any) -> None:
    clock = MovableClock()
    hub = await start_hub(make_settings(database_url), clock=clock)
    running = await conversation(hub, "fan")
    to_come = await conversation(hub, "fan", opens_at=clock.text(seconds=3600))
    over = await conversation(hub, "fan")
    await hub.ok("POST", f"/api/v1/conversations/{over}/close", {})
    fan = await hub.connected("fan")

    assert await ids(fan, state="open") == [running]
    assert sorted(await ids(fan, state="closed")) == sorted([to_come, over])
