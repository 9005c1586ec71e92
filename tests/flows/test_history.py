"""Reading back: pages of history, over the socket and over HTTP."""

import asyncio

from tests.flows.story import conversation
from tests.running import RunningHub


async def test_history_pages_back_to_the_first_message(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    fan = await hub.connected("fan")
    await asyncio.gather(*(fan.send(conversation_id, str(n)) for n in range(1, 26)))

    pages, before, more = [], {}, True
    while more:
        page = await fan.ask("conversation.history", conversation_id=conversation_id, limit=10, **before)
        pages.append([message["seq"] for message in page["messages"]])
        before, more = {"before_seq": pages[-1][0]}, page["more"]

    assert pages == [list(range(16, 26)), list(range(6, 16)), list(range(1, 6))]
    path = f"/api/v1/conversations/{conversation_id}/messages?limit=10&before_seq=6"
    assert await hub.ok("GET", path, token=fan.token) == page


async def test_a_page_that_ends_at_the_first_message_says_that_there_is_no_more(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    fan = await hub.connected("fan")
    await asyncio.gather(*(fan.send(conversation_id, str(n)) for n in range(5)))

    whole = await fan.ask("conversation.history", conversation_id=conversation_id, limit=5)
    before_all = await fan.ask("conversation.history", conversation_id=conversation_id, before_seq=1)

    assert (len(whole["messages"]), whole["more"]) == (5, False)
    assert before_all == {"messages": [], "more": False}


async def test_opening_shows_the_last_fifty_messages(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    fan = await hub.connected("fan")
    await asyncio.gather(*(fan.send(conversation_id, str(n)) for n in range(60)))

    opened = await fan.ask("conversation.open", conversation_id=conversation_id)

    assert [message["seq"] for message in opened["messages"]] == list(range(11, 61))
    assert opened["head"] == {"seq": 60, "rev": 60}
    assert opened["conversation"]["last_message"] == opened["messages"][-1]


async def test_a_stranger_cannot_tell_a_conversation_from_none(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    stranger = await hub.connected("stranger", "creator", "admin")
    nothing = "01900000-0000-7000-8000-000000000000"

    for event, more in {
        "conversation.open": {},
        "conversation.history": {},
        "message.send": {"client_message_id": "m", "body": "hi"},
        "message.edit": {"seq": 1, "body": "hi"},
        "message.delete": {"seq": 1},
        "message.react": {"seq": 1, "emoji": "x"},
        "message.read": {"seq": 1},
        "message.delivered": {"seq": 1},
        "typing.start": {},
        "typing.stop": {},
    }.items():
        real = await stranger.refused(event, conversation_id=conversation_id, **more)
        none = await stranger.refused(event, conversation_id=nothing, **more)
        assert real == none, event
        assert real["code"] == "conversation.not_found", event
    for path in ("", "/messages"):
        found = [
            await hub.http("GET", f"/api/v1/conversations/{each}{path}", token=stranger.token)
            for each in (conversation_id, nothing)
        ]
        assert next((status, answer["error"]) for status, answer in found) == (404, found[1][1]["error"])
