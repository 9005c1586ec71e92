"""Catching up by `rev`: contiguous changes, pages, and resets that say so."""

from typing import Any

from tests.flows.story import conversation, flood
from tests.running import Person, RunningHub


async def sync(person: Person, conversation_id: str, rev: int) -> Any:
    cursors = [{"conversation_id": conversation_id, "rev": rev}]
    (result,) = (await person.ask("conversation.sync", cursors=cursors))["results"]
    return result


async def test_changes_come_in_pages_without_holes_in_their_current_state(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    fan = await hub.connected("fan")
    await fan.send(conversation_id, "1")
    await fan.send(conversation_id, "2")
    await fan.send(conversation_id, "3")
    await flood(hub, conversation_id, 217)
    await fan.ask("message.edit", conversation_id=conversation_id, seq=2, body="edited")
    await fan.ask("message.delete", conversation_id=conversation_id, seq=3)
    await hub.ok("POST", f"/api/v1/conversations/{conversation_id}/close", {"reason": "done"})

    changes, pages, more = [], 0, True
    while more:
        result = await sync(fan, conversation_id, changes[-1]["rev"] if changes else 0)
        assert not result["reset"]
        assert result["head"] == {"seq": 220, "rev": 223}
        changes, pages, more = changes + result["changes"], pages + 1, result["more"]

    assert pages == 2
    assert [change["rev"] for change in changes] == list(range(1, 224))
    assert [change["type"] for change in changes[-4:]] == [
        "message.new",
        "message.updated",
        "message.deleted",
        "conversation.updated",
    ]
    assert (changes[1]["type"], changes[1]["message"]["body"]) == ("message.new", "edited")
    assert (changes[2]["message"]["body"], changes[2]["message"]["body_state"]) == ("", "deleted")
    assert changes[-1]["conversation"]["reason"] == "done"
    over_http = await hub.ok("GET", f"/api/v1/sync?conversation_id={conversation_id}&rev=219", token=fan.token)
    assert over_http["results"][0]["changes"] == changes[219:]


async def test_who_is_up_to_date_gets_nothing(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    fan = await hub.connected("fan")
    await fan.send(conversation_id, "one")

    result = await sync(fan, conversation_id, 1)

    assert result == {
        "conversation_id": conversation_id,
        "reset": False,
        "changes": [],
        "head": {"seq": 1, "rev": 1},
        "more": False,
    }


async def test_a_rev_ahead_of_the_head_is_a_reset(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    fan = await hub.connected("fan")
    sent = await fan.send(conversation_id, "one")

    result = await sync(fan, conversation_id, 2)

    assert (result["reset"], result["changes"], result["more"]) == (True, [], False)
    assert result["snapshot"]["messages"] == [sent]


async def test_more_than_a_thousand_changes_behind_is_a_reset(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    fan = await hub.connected("fan")
    await flood(hub, conversation_id, 1001)

    far, near = await sync(fan, conversation_id, 0), await sync(fan, conversation_id, 1)

    assert far["reset"]
    assert [message["seq"] for message in far["snapshot"]["messages"]] == list(range(952, 1002))
    assert far["snapshot"]["head"] == far["head"] == {"seq": 1001, "rev": 1001}
    assert (near["reset"], len(near["changes"]), near["more"]) == (False, 200, True)


async def test_several_cursors_get_their_results_in_order(hub: RunningHub) -> None:
    ids = [await conversation(hub, "fan") for _ in range(3)]
    fan = await hub.connected("fan")
    for number, each in enumerate(ids):
        for n in range(number):
            await fan.send(each, str(n))

    cursors = [{"conversation_id": each, "rev": 0} for each in ids]
    by_socket = await fan.ask("conversation.sync", cursors=cursors)
    by_http = await hub.ok("GET", "/api/v1/sync?cursors=" + ",".join(f"{each}:0" for each in ids), token=fan.token)

    assert [each["conversation_id"] for each in by_socket["results"]] == ids
    assert [len(each["changes"]) for each in by_socket["results"]] == [0, 1, 2]
    assert by_http == by_socket


async def test_one_foreign_cursor_refuses_the_request(hub: RunningHub) -> None:
    mine = await conversation(hub, "fan")
    foreign = await conversation(hub, "other")
    fan = await hub.connected("fan")

    cursors = [{"conversation_id": each, "rev": 0} for each in (mine, foreign)]
    assert (await fan.refused("conversation.sync", cursors=cursors))["code"] == "conversation.not_found"
