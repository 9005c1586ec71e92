"""Leading a room: hosts and the platform remove messages, close it, open it again, and empty it."""

import pytest

from tests.flows.rooms import joined, not_said, room, say
from tests.flows.story import caught_up, conversation, opened, revs_of
from tests.running import RunningHub


@pytest.mark.parametrize(("who", "role"), [("creator", "creator"), ("stranger", "moderator"), ("fan", "fan")])
async def test_a_message_is_removed_by_who_may(hub: RunningHub, who: str, role: str) -> None:
    live = await room(hub)
    fan, viewer = await joined(hub, live, "fan"), await joined(hub, live, "viewer")
    await say(fan, live, "rude")
    remover = fan if who == "fan" else await joined(hub, live, who, role)

    assert (await viewer.refused("message.delete", conversation_id=live, seq=1))["code"] == "access.denied"
    removed = await remover.ask("message.delete", conversation_id=live, seq=1)

    assert (removed["message"]["body"], removed["message"]["body_state"]) == ("", "deleted")
    await caught_up(viewer, live, 2)
    assert viewer.named("message.deleted")[0]["message"]["body"] == ""
    shown = await viewer.ask("live.join", conversation_id=live)
    assert [each["body"] for each in shown["messages"]] == [""]


async def test_hosts_do_not_remove_what_others_wrote_elsewhere(hub: RunningHub) -> None:
    chat = await conversation(hub, "fan")
    fan, creator = await opened(hub, chat, "fan"), await opened(hub, chat, "creator", "creator")
    await fan.send(chat, "mine")

    assert (await creator.refused("message.delete", conversation_id=chat, seq=1))["code"] == "access.denied"


async def test_closing_tells_the_viewers_and_refuses_messages(hub: RunningHub) -> None:
    live = await room(hub)
    fan, host = await joined(hub, live, "fan"), await joined(hub, live, "creator", "creator")
    await say(fan, live, "hello")
    path = f"/api/v1/conversations/{live}"

    closed = await hub.ok("POST", f"{path}/close", {"reason": "event_over"}, token=host.token)

    assert closed["conversation"]["state"] == "closed"
    for person in (fan, host):
        told = await person.received("conversation.updated", lambda update: "conversation" in update)
        assert (told["rev"], told["conversation"]["reason"]) == (2, "event_over")
        refused = await not_said(person, live, "late")
        assert (refused["code"], refused["details"]["reason"]) == ("conversation.closed", "event_over")
    later = await hub.connected("later")
    shown = await later.ask("live.join", conversation_id=live)
    assert (shown["can_send"], shown["reason"], len(shown["messages"])) == (False, "event_over", 1)
    await hub.ok("POST", f"{path}/open", {}, token=host.token)
    assert (await say(fan, live, "again"))["seq"] == 2


async def test_who_may_not_close_or_empty_a_room(hub: RunningHub) -> None:
    live, chat = await room(hub), await conversation(hub, "fan")

    for user_id, role, asked, expected in (
        ("fan", "fan", live, 403),
        ("another", "creator", live, 403),
        ("creator", "creator", chat, 403),
        ("fan", "fan", chat, 403),
        ("outsider", "support", chat, 404),
        ("another", "creator", chat, 404),
    ):
        for action in ("close", "evict"):
            path = f"/api/v1/conversations/{asked}/{action}"
            status, _ = await hub.http("POST", path, {}, token=hub.token(user_id, role))
            assert status in {expected, 404 if action == "evict" else 403}, (user_id, action)
    status, _ = await hub.http("POST", f"/api/v1/conversations/{'0' * 8}-0000-7000-8000-{'0' * 12}/evict", {})
    assert status == 404


@pytest.mark.parametrize("kind", ["live", "direct"])
async def test_everybody_is_taken_out_of_a_room_and_stays_connected(hub: RunningHub, kind: str) -> None:
    asked = await room(hub) if kind == "live" else await conversation(hub, "fan", "other")
    people = [await opened(hub, asked, user_id) for user_id in ("fan", "other")]
    stays = await room(hub)
    await people[0].ask("live.join", conversation_id=stays)

    answer = await hub.ok("POST", f"/api/v1/conversations/{asked}/evict", {"reason": "event_over"})

    assert answer == {"evicted": True}
    for person in people:
        assert await person.received("conversation.left") == {"conversation_id": asked, "reason": "event_over"}
    host = await joined(hub, stays, "creator", "creator")
    await host.send(asked, "nobody hears this live")
    await say(host, stays, "but this")
    await caught_up(people[0], stays, 1)
    assert all(revs_of(person, asked) == [] for person in people)
    again = await people[0].ask("conversation.open", conversation_id=asked)
    assert again["head"]["seq"] == 1
    await host.send(asked, "heard again")
    await caught_up(people[0], asked, 2)


async def test_a_room_that_opens_later_takes_messages_then_and_says_so(hub: RunningHub) -> None:
    clock = hub.hub.services.clock
    from hub.clock import rfc3339  # noqa: PLC0415

    live = await room(hub, opens_at=rfc3339(clock.now() + 1_500))
    fan = await hub.connected("fan")

    shown = await fan.ask("live.join", conversation_id=live)
    assert (shown["can_send"], shown["reason"]) == (False, "not_open_yet")
    told = await fan.received("conversation.updated")

    assert (told["rev"], told["conversation"]["state"]) == (1, "open")
    assert "reason" not in told["conversation"]
    assert (await say(fan, live, "at last"))["rev"] == 2
    synced = await fan.ask("conversation.sync", cursors=[{"conversation_id": live, "rev": 0}])
    assert [each["type"] for each in synced["results"][0]["changes"]] == ["conversation.updated", "message.new"]
