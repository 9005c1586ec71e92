"""Stopping: what is under way is committed and answered, and everybody is told to come back."""

import asyncio
import threading
from typing import Any

from tests.conftest import make_settings
from tests.flows.story import conversation, opened
from tests.running import Person, RunningHub


async def test_what_is_under_way_while_stopping_is_answered_and_what_was_acked_is_stored(
    database_url: str, start_hub: Any
) -> None:
    settings = make_settings(database_url)
    hub: RunningHub = await start_hub(settings)
    names = [f"fan{n}" for n in range(24)]
    conversation_id = await conversation(hub, *names)
    people = [await hub.connected(name) for name in names]
    witness = await opened(hub, conversation_id, "creator", "creator")

    async def keep_sending(person: Person) -> list[Any]:
        """One send after the other until the hub goes; all answers, None where there was none."""
        answers: list[Any] = []
        while person.client.connected:
            answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            wish = {"conversation_id": conversation_id, "client_message_id": str(len(answers)), "body": "hi"}
            await person.client.emit("message.send", wish, callback=answer.set_result)
            gone = asyncio.create_task(person.received("disconnect"))
            await asyncio.wait([answer, gone], return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            answers.append(answer.result() if answer.done() else None)
            if answers[-1] is None or not answers[-1]["success"]:
                break
        return answers

    sending = asyncio.gather(*(keep_sending(person) for person in people))
    await witness.received("message.new", lambda payload: payload["rev"] >= 30)
    await hub.stop_gateway()
    answers = [answer for each in await sending for answer in each]

    assert None not in answers
    assert {answer["error"]["code"] for answer in answers if not answer["success"]} <= {"server.draining"}
    acked = {each["data"]["message"]["seq"]: each["data"]["message"] for each in answers if each["success"]}
    assert witness.named("session.closing") == [{"reason": "draining", "reconnect": True}]
    again: RunningHub = await start_hub(settings)
    fan, stored, before = await again.connected("fan0"), [], {}
    while not stored or stored[0]["seq"] > 1:
        page = await fan.ask("conversation.history", conversation_id=conversation_id, limit=100, **before)
        stored = page["messages"] + stored
        before = {"before_seq": stored[0]["seq"]}
    assert stored == [acked[seq] for seq in sorted(acked)]  # neither more nor less than what was acked


async def test_everybody_is_told_when_to_come_back_and_newcomers_are_refused(live_hub: RunningHub) -> None:
    fan = await live_hub.connected("fan")

    stopping = asyncio.create_task(live_hub.stop_gateway())

    draining = await fan.received("session.draining")
    assert 0 <= draining["reconnect_in_ms"] <= 3000
    await fan.received("disconnect")
    await stopping


async def test_a_hub_that_is_stopped_at_any_moment_leaves_no_connection_behind(sqlite_url: str, start_hub: Any) -> None:
    for turns in range(0, 40, 2):
        hub: RunningHub = await start_hub(make_settings(sqlite_url))
        for _ in range(turns):
            await asyncio.sleep(0)
        await hub.stop()
        left = [each for each in threading.enumerate() if "connection_worker" in each.name]
        for each in left:
            each.join(timeout=1)  # what was closed in order ends at once
        assert not any(each.is_alive() for each in left), f"stopped after {turns} turns of the loop"
