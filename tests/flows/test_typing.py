"""Typing: told once, over by itself, never stored."""

from typing import Any

from tests.conftest import make_settings
from tests.flows.story import conversation, opened
from tests.running import Person, RunningHub


def states(person: Person) -> list[tuple[str, str]]:
    return [(each["user_id"], each["state"]) for each in person.named("typing")]


async def test_repeated_heartbeats_are_told_once_and_sending_ends_them(live_hub: RunningHub) -> None:
    conversation_id = await conversation(live_hub, "fan")
    creator = await opened(live_hub, conversation_id, "creator", "creator")
    fan, second_device = [await opened(live_hub, conversation_id, "fan") for _ in range(2)]

    for _ in range(5):
        assert await fan.ask("typing.start", conversation_id=conversation_id) == {}
    await fan.send(conversation_id, "done")

    await creator.received("typing", lambda payload: payload["state"] == "stop")
    assert states(creator) == [("fan", "start"), ("fan", "stop")]
    await second_device.ask("time.get")
    assert states(fan) == states(second_device) == []  # one's own typing is no news


async def test_typing_expires_by_itself(sqlite_url: str, start_hub: Any) -> None:
    hub: RunningHub = await start_hub(make_settings(sqlite_url), typing_expires=0.1)
    conversation_id = await conversation(hub, "fan")
    creator, fan = await opened(hub, conversation_id, "creator", "creator"), await opened(hub, conversation_id, "fan")

    await fan.ask("typing.start", conversation_id=conversation_id)

    await creator.received("typing", lambda payload: payload["state"] == "stop")
    await fan.ask("typing.start", conversation_id=conversation_id)
    await creator.until(lambda: len(states(creator)) == 4)
    assert states(creator) == [("fan", "start"), ("fan", "stop")] * 2


async def test_typing_ends_when_stopped_left_or_gone(live_hub: RunningHub) -> None:
    conversation_id = await conversation(live_hub, "fan")
    creator = await opened(live_hub, conversation_id, "creator", "creator")
    fan = await opened(live_hub, conversation_id, "fan")

    async def stops(count: int) -> None:
        await creator.until(lambda: states(creator) == [("fan", "start"), ("fan", "stop")] * count)

    await fan.ask("typing.start", conversation_id=conversation_id)
    await fan.ask("typing.stop", conversation_id=conversation_id)
    await stops(1)
    await fan.ask("typing.start", conversation_id=conversation_id)
    await fan.ask("conversation.leave", conversation_id=conversation_id)
    await stops(2)
    await fan.ask("conversation.open", conversation_id=conversation_id)
    await fan.ask("typing.start", conversation_id=conversation_id)
    await fan.disconnect()
    await stops(3)


async def test_typing_needs_an_open_conversation_and_reaches_only_those_who_have_it_open(live_hub: RunningHub) -> None:
    conversation_id = await conversation(live_hub, "fan")
    creator = await live_hub.connected("creator", "creator")
    fan = await live_hub.connected("fan")

    refused = await fan.refused("typing.start", conversation_id=conversation_id)
    await fan.ask("conversation.open", conversation_id=conversation_id)
    await fan.ask("typing.start", conversation_id=conversation_id)
    await creator.ask("conversation.open", conversation_id=conversation_id)
    await fan.ask("typing.stop", conversation_id=conversation_id)

    assert refused["code"] == "conversation.not_found"
    await creator.received("typing")
    assert states(creator) == [("fan", "stop")]


async def test_a_heartbeat_needs_no_acknowledgement(live_hub: RunningHub) -> None:
    conversation_id = await conversation(live_hub, "fan")
    creator, fan = [await opened(live_hub, conversation_id, each) for each in ("creator", "fan")]

    await fan.client.emit("typing.start", {"conversation_id": conversation_id})

    await creator.received("typing")
    assert fan.named("request.error") == []
