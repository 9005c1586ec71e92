"""A small question never gets an answer of hundreds of megabytes."""

import json

from tests.running import RunningHub

LONG = "\x01" * 8_000
"""Each of these takes six characters in JSON."""


async def test_an_answer_to_sync_is_bounded_in_bytes_and_still_complete(hub: RunningHub) -> None:
    conversation_id = await hub.order_chat()
    fan = await hub.connected("fan")
    for number in range(30):
        await fan.send(conversation_id, f"{number}{LONG}")

    seen: list[int] = []
    more, rev, pages = True, 0, 0
    while more:
        data = await fan.ask("conversation.sync", cursors=[{"conversation_id": conversation_id, "rev": rev}])
        (result,) = data["results"]
        assert len(json.dumps(data)) < 700_000
        seen += [change["message"]["seq"] for change in result["changes"]]
        rev, more, pages = result["changes"][-1]["rev"], result["more"], pages + 1

    assert seen == list(range(1, 31))
    assert pages > 1


async def test_a_conversation_is_named_once_in_a_sync(hub: RunningHub) -> None:
    conversation_id = await hub.order_chat()
    fan = await hub.connected("fan")
    cursor = {"conversation_id": conversation_id, "rev": 0}
    error = await fan.refused("conversation.sync", cursors=[cursor, cursor])
    assert error["code"] == "request.invalid"
