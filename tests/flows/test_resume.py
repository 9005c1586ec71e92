"""Coming back: what was missed is told first, then what happens now; each change once, in the order of `rev`."""

import asyncio
from typing import Any

import pytest

from tests.conftest import make_settings
from tests.flows.story import caught_up, conversation, flood, log_of, opened, revs_of
from tests.running import Person, RunningHub


async def test_what_was_missed_is_told_as_ordinary_events(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    creator = await opened(hub, conversation_id, "creator", "creator")
    fan = await opened(hub, conversation_id, "fan")
    await fan.send(conversation_id, "one")
    await fan.disconnect()
    await creator.send(conversation_id, "two")
    await creator.send(conversation_id, "three")
    await creator.ask("message.edit", conversation_id=conversation_id, seq=2, body="TWO")
    await creator.ask("message.delete", conversation_id=conversation_id, seq=3)

    back = await hub.connected("fan", resume={conversation_id: 1})
    live = await creator.send(conversation_id, "four")

    await caught_up(back, conversation_id, 6)
    assert log_of(back, conversation_id) == [
        ("message.new", 2),
        ("message.new", 3),
        ("message.updated", 4),
        ("message.deleted", 5),
        ("message.new", 6),
    ]
    assert [each["message"]["body"] for each in back.named("message.new")] == ["TWO", "", "four"]
    assert back.named("message.new")[-1]["message"] == live
    assert next(name for name, _ in back.events) == "session.ready"
    assert back.named("conversation.resync") == []
    await back.ask("typing.start", conversation_id=conversation_id)  # it is open again


async def test_nothing_is_lost_or_told_twice_while_others_go_on(database_url: str, start_hub: Any) -> None:
    # Two connections only: reads and writes of the database wait for each other in every possible order.
    settings = make_settings(database_url, rate_limits="off", database_pool=2)
    hub: RunningHub = await start_hub(settings)
    for _ in range(4):
        conversation_id = await conversation(hub, "fan")
        creator = await hub.connected("creator", "creator")
        before = [await creator.send(conversation_id, "before") for _ in range(2)]
        returning = [hub.person("fan") for _ in range(12)]

        async def talk(person: Person = creator, of: str = conversation_id) -> None:
            for n in range(8):
                await asyncio.gather(
                    person.send(of, f"{n} a"),
                    person.send(of, f"{n} b"),
                    person.ask("message.edit", conversation_id=of, seq=1, body=f"edit {n}"),
                )

        talking = asyncio.create_task(talk())
        await asyncio.gather(*(person.connect(resume={conversation_id: 2}) for person in returning))
        await talking

        last = len(before) + 3 * 8
        for person in returning:
            await caught_up(person, conversation_id, last)
            assert revs_of(person, conversation_id) == list(range(3, last + 1))
            assert person.named("conversation.resync") == []
            await person.disconnect()


async def test_a_socket_that_was_away_for_long_is_told_to_sync(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    creator = await hub.connected("creator", "creator")
    await flood(hub, conversation_id, 700)

    back = await hub.connected("fan", resume={conversation_id: 0})

    assert await back.received("conversation.resync") == {"conversation_id": conversation_id}
    told = revs_of(back, conversation_id)
    assert told == list(range(1, len(told) + 1))  # what was told has no hole
    await creator.send(conversation_id, "live")
    await caught_up(back, conversation_id, 701)


async def test_a_rev_that_the_hub_never_gave_is_told_to_sync(live_hub: RunningHub) -> None:
    conversation_id = await conversation(live_hub, "fan")

    back = await live_hub.connected("fan", resume={conversation_id: 99})

    assert await back.received("conversation.resync") == {"conversation_id": conversation_id}


@pytest.mark.parametrize("exists", [True, False], ids=["foreign", "none"])
async def test_resuming_what_one_may_not_see_tells_nothing(live_hub: RunningHub, exists: bool) -> None:  # noqa: FBT001
    foreign = await conversation(live_hub, "other")
    asked = foreign if exists else "01900000-0000-7000-8000-000000000000"
    mine = await conversation(live_hub, "fan")
    creator = await live_hub.connected("creator", "creator")
    await creator.send(foreign, "secret")

    fan = await live_hub.connected("fan", resume={asked: 0, mine: 0})
    await creator.send(foreign, "secret too")
    await creator.send(mine, "hello")

    await caught_up(fan, mine, 1)
    assert fan.named("conversation.resync") == [{"conversation_id": asked}]
    assert [each["message"]["body"] for each in fan.named("message.new")] == ["hello"]
    assert (await fan.refused("typing.start", conversation_id=asked))["code"] == "conversation.not_found"


async def test_many_conversations_resume_at_once(live_hub: RunningHub) -> None:
    ids = [await conversation(live_hub, "fan") for _ in range(10)]
    creator = await live_hub.connected("creator", "creator")
    for each in ids:
        await creator.send(each, "missed")

    fan = await live_hub.connected("fan", resume=dict.fromkeys(ids, 0))

    for each in ids:
        await caught_up(fan, each, 1)
    assert len(fan.named("message.new")) == len(ids)
