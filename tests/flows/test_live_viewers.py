"""How many follow a room: told when it changes, not for each who comes and goes."""

import asyncio

import pytest

from tests.flows.rooms import joined, room
from tests.flows.story import opened
from tests.running import Person, RunningHub


@pytest.fixture
async def fast_hub(live_hub: RunningHub) -> RunningHub:
    live_hub.hub.services.audience.every_seconds = 0.2
    return live_hub


def counts(person: Person) -> list[int]:
    return [each["viewers"] for each in person.named("live.viewers")]


async def test_the_room_hears_how_many_follow_it(fast_hub: RunningHub) -> None:
    live = await room(fast_hub)
    first = await joined(fast_hub, live, "fan")
    others = await asyncio.gather(*(joined(fast_hub, live, f"fan-{number}") for number in range(20)))

    await first.received("live.viewers", lambda told: told == {"conversation_id": live, "viewers": 21})
    await asyncio.gather(*(other.disconnect() for other in others[:15]))
    await others[15].ask("live.leave", conversation_id=live)

    await first.until(lambda: counts(first)[-1] == 5)
    assert len(counts(first)) <= 12  # of 21 who came and 16 who left


async def test_an_unchanged_number_is_told_once(fast_hub: RunningHub) -> None:
    live = await room(fast_hub)
    fan = await joined(fast_hub, live, "fan")
    await fan.received("live.viewers")

    other = await joined(fast_hub, live, "other")
    await other.disconnect()
    host = await opened(fast_hub, live, "creator", "creator")

    await fan.until(lambda: counts(fan)[-1] == 2)
    assert counts(host) in ([], [2])
    assert counts(fan) in ([1, 2], [1, 2, 1, 2])


async def test_a_returning_viewer_is_counted_again_and_an_empty_room_is_forgotten(fast_hub: RunningHub) -> None:
    live = await room(fast_hub)
    fan = await joined(fast_hub, live, "fan")
    await fan.received("live.viewers")
    await fan.disconnect()
    audience = fast_hub.hub.services.audience
    async with asyncio.timeout(8):
        while audience.count(live):  # noqa: ASYNC110  (nobody is there to be told)
            await asyncio.sleep(0.01)

    back = await fast_hub.connected("fan", resume={live: 0})

    assert await back.received("live.viewers") == {"conversation_id": live, "viewers": 1}


async def test_other_conversations_have_no_viewers(fast_hub: RunningHub) -> None:
    chat = await fast_hub.order_chat()
    fan = await opened(fast_hub, chat, "fan")
    live = await room(fast_hub)
    await fan.ask("live.join", conversation_id=live)

    assert (await fan.received("live.viewers"))["conversation_id"] == live
    assert all(each["conversation_id"] == live for each in fan.named("live.viewers"))
