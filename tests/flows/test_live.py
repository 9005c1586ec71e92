"""Live rooms: anybody follows them, everybody gets every message once and in order, and nobody becomes a member."""

import asyncio

from tests.conftest import make_settings
from tests.flows.rooms import joined, not_said, room, say
from tests.flows.story import caught_up, conversation, flood, opened, revs_of
from tests.running import Person, RunningHub

NOBODYS = "01900000-0000-7000-8000-000000000000"


def heard(person: Person) -> list[str]:
    return [each["message"]["body"] for each in person.named("message.new")]


async def test_joining_shows_the_room_and_its_last_messages(hub: RunningHub) -> None:
    live = await room(hub, title="Opening night", slow_mode_seconds=5)
    await flood(hub, live, 60)
    fan = await hub.connected("fan")

    shown = await fan.ask("live.join", conversation_id=live)
    short = await fan.ask("live.join", conversation_id=live, limit=3)

    assert [each["seq"] for each in shown["messages"]] == list(range(11, 61))
    assert [each["seq"] for each in short["messages"]] == [58, 59, 60]
    assert (shown["head"], shown["can_send"], shown["viewers"]) == ({"seq": 60, "rev": 60}, True, 1)
    assert "reason" not in shown
    assert shown["slow_mode_seconds"] == shown["conversation"]["slow_mode_seconds"] == 5
    assert [each["user_id"] for each in shown["members"]] == ["creator"]
    assert (shown["conversation"]["title"], shown["conversation"]["unread"]) == ("Opening night", 0)


async def test_fifty_viewers_get_every_message_once_and_in_order(hub: RunningHub) -> None:
    live = await room(hub)
    viewers = await asyncio.gather(*(joined(hub, live, f"fan-{number}") for number in range(50)))
    host = await joined(hub, live, "creator", "creator")

    await asyncio.gather(*(say(viewer, live, "hello") for viewer in viewers), say(host, live, "welcome"))

    for person in (*viewers, host):
        await caught_up(person, live, 51)
        assert revs_of(person, live) == list(range(1, 52))
        assert sorted(heard(person)) == ["hello"] * 50 + ["welcome"]
    assert (await viewers[0].ask("live.join", conversation_id=live))["viewers"] == 51


async def test_who_joins_while_others_write_misses_nothing_and_gets_nothing_twice(hub: RunningHub) -> None:
    live = await room(hub)
    host = await joined(hub, live, "creator", "creator")
    fans = [await hub.connected(f"fan-{number}") for number in range(10)]

    async def talk() -> None:
        for number in range(60):
            await say(host, live, f"{number}")

    async def join(fan: Person, after: int) -> None:
        await caught_up(host, live, after)
        shown = await fan.ask("live.join", conversation_id=live)
        known = [each["seq"] for each in shown["messages"]]
        await caught_up(fan, live, 60)
        assert [*known, *revs_of(fan, live)][-50:] == list(range(11, 61))

    await asyncio.gather(talk(), *(join(fan, 5 * number + 1) for number, fan in enumerate(fans)))


async def test_following_a_room_makes_nobody_a_member(hub: RunningHub) -> None:
    live = await room(hub)
    fan = await joined(hub, live, "fan")
    host = await joined(hub, live, "creator", "creator")

    await say(fan, live, "hello")
    await say(host, live, "welcome")
    await caught_up(fan, live, 2)

    shown = await fan.ask("live.join", conversation_id=live)
    assert [each["user_id"] for each in shown["members"]] == ["creator"]
    assert (await fan.ask("conversation.list"))["conversations"] == []
    listed = await host.ask("conversation.list")
    assert [(each["id"], each["unread"]) for each in listed["conversations"]] == [(live, 0)]
    back = await hub.connected("creator", "creator")
    assert back.named("session.ready")[0]["unread"] == {"total": 0, "conversations": {}, "notifications": 0}
    async with hub.hub.database.read() as connection:
        left = await connection.exec_driver_sql("SELECT count(*) FROM outbox")
        mailed = await connection.exec_driver_sql("SELECT count(*) FROM delivery")
        assert (left.scalar_one(), mailed.scalar_one()) == (0, 0)  # nobody is mailed about a live room


async def test_every_message_says_who_wrote_it(hub: RunningHub) -> None:
    live, chat = await room(hub), await hub.order_chat()
    await hub.user("fan", display_name="Fania")
    fan, other = await joined(hub, live, "fan"), await joined(hub, live, "other")

    sent = await say(fan, live, "hello", "m-1")
    repeated = await say(fan, live, "hello", "m-1")
    removed = await fan.ask("message.delete", conversation_id=live, seq=1)

    await caught_up(other, live, 2)
    shown = await other.ask("live.join", conversation_id=live)
    page = await other.ask("conversation.history", conversation_id=live)
    (result,) = (await other.ask("conversation.sync", cursors=[{"conversation_id": live, "rev": 0}]))["results"]
    told = [each["message"] for name in ("message.new", "message.deleted") for each in other.named(name)]
    synced = [change["message"] for change in result["changes"]]
    everywhere = [sent, repeated, removed["message"], *told, *shown["messages"], *page["messages"], *synced]
    assert [each["sender_name"] for each in everywhere] == ["Fania"] * 9
    assert "sender_name" not in await fan.send(chat, "elsewhere it is in the list of members")


async def test_only_hosts_write_in_an_announcement(hub: RunningHub) -> None:
    news = await room(hub, kind="announcement")
    host, fan = await joined(hub, news, "creator", "creator"), await hub.connected("fan")

    shown = await fan.ask("live.join", conversation_id=news)
    refused = await not_said(fan, news, "me too")
    await say(host, news, "news")

    assert (shown["can_send"], shown["reason"]) == (False, "hosts_only")
    assert (refused["code"], refused["details"]) == ("conversation.closed", {"reason": "hosts_only"})
    await caught_up(fan, news, 1)
    assert heard(fan) == ["news"]


async def test_what_is_no_live_room_is_as_if_it_were_not_there(hub: RunningHub) -> None:
    mine, foreign = await conversation(hub, "fan"), await conversation(hub, "other")
    fan = await hub.connected("fan")
    creator = await hub.connected("creator", "creator")

    for asked in (mine, foreign, NOBODYS):
        for event, more in (("live.join", {}), ("live.send", {"client_message_id": "m", "body": "x"})):
            error = await fan.refused(event, conversation_id=asked, **more)
            assert (error["code"], error["details"]) == ("conversation.not_found", {}), event
    await creator.send(foreign, "secret")
    await creator.send(mine, "not opened")
    await fan.ask("time.get")
    assert fan.named("message.new") == []


async def test_a_chat_that_is_open_is_no_live_room_either(hub: RunningHub) -> None:
    chat = await conversation(hub, "fan")
    fan = await opened(hub, chat, "fan")

    error = await fan.refused("live.send", conversation_id=chat, client_message_id="m", body="x")

    assert error["code"] == "conversation.not_found"


async def test_who_leaves_hears_no_more(hub: RunningHub) -> None:
    live = await room(hub)
    fan, other = await joined(hub, live, "fan"), await joined(hub, live, "other")

    assert await fan.ask("live.leave", conversation_id=live) == {}
    await say(other, live, "after")

    await caught_up(other, live, 1)
    await fan.ask("time.get")
    assert heard(fan) == []


async def test_a_viewer_pages_back_and_heals_gaps_as_members_do(hub: RunningHub) -> None:
    live = await room(hub)
    await flood(hub, live, 30)
    fan = await joined(hub, live, "fan")

    page = await fan.ask("conversation.history", conversation_id=live, before_seq=11, limit=5)
    synced = await fan.ask("conversation.sync", cursors=[{"conversation_id": live, "rev": 28}])
    ahead = await fan.ask("conversation.sync", cursors=[{"conversation_id": live, "rev": 99}])
    over_http = await hub.ok("GET", f"/api/v1/conversations/{live}/messages?limit=2", token=fan.token)
    opened_too = await fan.ask("conversation.open", conversation_id=live)

    assert ([each["seq"] for each in page["messages"]], page["more"]) == ([6, 7, 8, 9, 10], True)
    assert [each["rev"] for each in synced["results"][0]["changes"]] == [29, 30]
    assert ahead["results"][0]["reset"]
    assert len(ahead["results"][0]["snapshot"]["messages"]) == 30
    assert [each["seq"] for each in over_http["messages"]] == [29, 30]
    assert opened_too["head"] == {"seq": 30, "rev": 30}


async def test_who_was_away_for_long_starts_anew_and_a_host_as_host(hub: RunningHub) -> None:
    live = await room(hub)
    fan, host = await joined(hub, live, "fan"), await joined(hub, live, "creator", "creator")
    await flood(hub, live, 1_010)

    for person, can_send in ((fan, True), (host, True)):
        (result,) = (await person.ask("conversation.sync", cursors=[{"conversation_id": live, "rev": 0}]))["results"]
        assert (result["reset"], result["snapshot"]["can_send"]) == (True, can_send)
        assert [each["seq"] for each in result["snapshot"]["messages"]] == list(range(961, 1011))
        (result,) = (await person.ask("conversation.sync", cursors=[{"conversation_id": live, "rev": 900}]))["results"]
        assert [each["rev"] for each in result["changes"]] == list(range(901, 1011))


async def test_a_viewer_comes_back_to_where_they_were(hub: RunningHub) -> None:
    live = await room(hub)
    fan, other = await joined(hub, live, "fan"), await joined(hub, live, "other")
    await say(other, live, "one")
    await caught_up(fan, live, 1)
    await fan.disconnect()
    await say(other, live, "two")

    back = await hub.connected("fan", resume={live: 1})
    await say(other, live, "three")

    await caught_up(back, live, 3)
    assert heard(back) == ["two", "three"]
    assert back.named("conversation.resync") == []
    assert (await say(back, live, "four"))["seq"] == 4


async def test_a_room_is_not_told_of_typing_and_of_what_hosts_have_read(hub: RunningHub) -> None:
    live = await room(hub)
    fan, host = await joined(hub, live, "fan"), await opened(hub, live, "creator", "creator")
    await say(fan, live, "hello")

    for person in (fan, host):
        assert (await person.refused("typing.start", conversation_id=live))["code"] == "access.denied"
    assert (await host.ask("message.read", conversation_id=live, seq=1))["unread"] == 0
    assert (await fan.refused("message.read", conversation_id=live, seq=1))["code"] == "conversation.not_found"

    await fan.ask("time.get")
    assert fan.named("receipt.updated") == fan.named("typing") == []


async def test_sending_again_gives_the_stored_message(hub: RunningHub) -> None:
    live = await room(hub)
    fan = await joined(hub, live, "fan")
    wish = {"conversation_id": live, "client_message_id": "m-1", "body": "hello"}

    first, again = await fan.ask("live.send", **wish), await fan.ask("live.send", **wish)
    by_another_road = await fan.ask("message.send", **wish)
    conflict = await fan.refused("live.send", **{**wish, "body": "other"})

    assert (first["deduplicated"], again["deduplicated"], by_another_road["deduplicated"]) == (False, True, True)
    assert first["message"] == again["message"] == by_another_road["message"]
    assert conflict["code"] == "message.conflict"


async def test_what_viewers_wrote_is_erased_with_them(hub: RunningHub) -> None:
    live = await room(hub)
    await hub.user("fan", email="fan@example.com")
    fan, other = await joined(hub, live, "fan"), await joined(hub, live, "other")
    await say(fan, live, "mine")
    exported = await hub.ok("GET", "/api/v1/users/fan/export")

    await hub.ok("DELETE", "/api/v1/users/fan")

    await caught_up(other, live, 2)
    assert other.named("message.deleted")[0]["message"]["body"] == ""
    assert [each["body"] for each in exported["messages"]] == ["mine"]


async def test_too_many_messages_of_one_viewer_are_slowed_down(sqlite_url: str, start_hub: object) -> None:
    hub: RunningHub = await start_hub(make_settings(sqlite_url))  # type: ignore[operator]
    live = await room(hub)
    fan = await joined(hub, live, "fan")

    async def one(number: int) -> str:
        answer = await fan.client.call(
            "live.send", {"conversation_id": live, "client_message_id": f"m{number}", "body": "x"}
        )
        return "ok" if answer["success"] else str(answer["error"]["code"])

    outcomes = await asyncio.gather(*(one(number) for number in range(180)))

    assert set(outcomes) == {"ok", "rate.limited"}
    assert outcomes.count("ok") >= 100
