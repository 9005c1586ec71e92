"""Two whole gateways on one database and one Redis: whoever is on the other node hears everything, in order, once."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from hub.chat.sender import SendMessage
from hub.gateway.sequence import gaps
from loadtests.redis import RedisServer
from tests.clock import MovableClock
from tests.cluster.nodes import eventually
from tests.cluster.two import settings_for, without_worker, worker_process
from tests.doubles.wire import wire_to
from tests.flows.story import caught_up, conversation, opened, revs_of
from tests.flows.test_focus import Mailbox
from tests.rawsocket import RawSocket
from tests.running import Person, RunningHub

Nodes = tuple[RunningHub, RunningHub]
AT_ONCE = 150
"""Messages that each node stores at the same time."""


@pytest.fixture
async def nodes(sqlite_url: str, redis_server: RedisServer, start_hub: Any) -> Nodes:
    settings = settings_for(sqlite_url, redis_server.url)
    return await start_hub(settings), await start_hub(settings)


async def chat(nodes: Nodes) -> tuple[str, Person, Person]:
    """A conversation that the fan on the one node and the creator on the other have open."""
    here, there = nodes
    conversation_id = await here.order_chat()
    return (
        conversation_id,
        await opened(here, conversation_id, "fan"),
        await opened(there, conversation_id, "creator", "creator"),
    )


async def test_what_is_changed_and_deleted_on_one_node_is_so_on_the_other(nodes: Nodes) -> None:
    conversation_id, fan, creator = await chat(nodes)
    of = {"conversation_id": conversation_id}
    message = await fan.send(conversation_id, "helo")
    await fan.ask("message.edit", **of, seq=message["seq"], body="hello")
    answer = await creator.send(conversation_id, "oops")
    await creator.ask("message.delete", **of, seq=answer["seq"])

    for person in (fan, creator):
        await caught_up(person, conversation_id, 4)
        assert revs_of(person, conversation_id) == [1, 2, 3, 4]
        assert person.named("message.updated")[0]["message"]["body"] == "hello"
        assert len(person.named("message.deleted")) == 1


async def test_typing_is_told_to_the_other_node_and_not_to_the_own_devices_there(nodes: Nodes) -> None:
    conversation_id, fan, creator = await chat(nodes)
    tablet = await opened(nodes[1], conversation_id, "fan")

    await fan.ask("typing.start", conversation_id=conversation_id)
    assert (await creator.received("typing"))["user_id"] == "fan"
    await fan.ask("typing.stop", conversation_id=conversation_id)
    await creator.received("typing", lambda event: event["state"] == "stop")
    await fan.send(conversation_id, "there")
    await tablet.received("message.new")  # comes after what was not for it
    assert tablet.named("typing") == []


async def test_receipts_and_badges_reach_the_other_node(nodes: Nodes) -> None:
    conversation_id, fan, creator = await chat(nodes)
    elsewhere = await nodes[1].connected("fan")  # on the other node, with nothing open
    for n in range(3):
        await creator.send(conversation_id, f"{n}")
    badge = await elsewhere.received("conversation.updated", lambda told: told.get("unread") == 3)
    assert badge["conversation_id"] == conversation_id

    await fan.ask("message.read", conversation_id=conversation_id, seq=2)
    moved = await creator.received("receipt.updated", lambda told: told["read_seq"] == 2)
    assert moved["user_id"] == "fan"
    await elsewhere.received("conversation.updated", lambda told: told.get("unread") == 1)


async def test_presence_of_somebody_on_the_other_node(nodes: Nodes) -> None:
    here, there = nodes
    await here.order_chat()  # strangers see nothing of each other
    fan = await here.connected("fan")
    await fan.ask("presence.subscribe", user_ids=["creator"])
    creator = await there.connected("creator", "creator")
    await fan.received("presence", lambda state: state["status"] == "online")
    second = await here.connected("creator", "creator")
    await creator.disconnect()
    assert (await fan.ask("presence.subscribe", user_ids=["creator"]))["users"][0]["status"] == "online"
    await second.disconnect()
    await fan.received("presence", lambda state: state["status"] == "offline")
    assert [state["status"] for state in fan.named("presence")] == ["online", "offline"]


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "disconnect", None, 4004),
        ("DELETE", "sessions", {"reason": "replaced"}, 4504),
        ("DELETE", "sessions", {"reason": "banned"}, 4503),
    ],
)
async def test_a_person_is_disconnected_on_the_other_node(
    nodes: Nodes, method: str, path: str, body: Any, code: int
) -> None:
    here, there = nodes
    other = await there.connected("other")
    async with RawSocket(there.base, there.token("fan", "fan")) as fan:
        await here.ok(method, f"/api/v1/users/fan/{path}", body)
        assert await fan.closed() == code
        assert len(fan.named("session.closing")) == 1
    assert await other.ask("time.get")
    assert other.named("session.closing") == []


@pytest.fixture
async def three_nodes(database_url: str, redis_server: RedisServer, start_hub: Any) -> list[RunningHub]:
    settings = settings_for(database_url, redis_server.url)
    return [await start_hub(settings) for _ in range(3)]


async def test_two_nodes_that_write_at_once_are_heard_in_one_order_without_a_resync(
    three_nodes: list[RunningHub],
) -> None:
    here, there, away = three_nodes
    conversation_id = await conversation(here, "fan", "friend")
    people = [
        await opened(here, conversation_id, "fan"),
        await opened(there, conversation_id, "creator", "creator"),
        await opened(away, conversation_id, "friend"),  # where nothing is written
    ]
    holes = gaps._value.get()

    await asyncio.gather(flood(here, conversation_id, "fan"), flood(there, conversation_id, "creator"))

    for person in people:
        await caught_up(person, conversation_id, 2 * AT_ONCE)
        assert revs_of(person, conversation_id) == list(range(1, 2 * AT_ONCE + 1))
        assert [told["message"]["seq"] for told in person.named("message.new")] == revs_of(person, conversation_id)
        assert person.named("conversation.resync") == []
    assert gaps._value.get() == holes


async def flood(hub: RunningHub, conversation_id: str, sender_id: str) -> None:
    """Many messages, a few at a time, so that the nodes' commits take turns."""
    of = {"conversation_id": conversation_id, "sender_id": sender_id}
    for begin in range(0, AT_ONCE, 10):
        wishes = [
            SendMessage(**of, client_message_id=f"{sender_id}-{n}", body=f"{n}") for n in range(begin, begin + 10)
        ]
        await asyncio.gather(*(hub.hub.services.sender.send(wish) for wish in wishes))


async def test_who_opens_while_both_nodes_write_gets_every_message_once(nodes: Nodes) -> None:
    here, there = nodes
    conversation_id = await conversation(here, "fan", "friend")
    writing = asyncio.gather(flood(here, conversation_id, "fan"), flood(there, conversation_id, "creator"))
    newcomers = []
    for n in range(6):
        person = await (here, there)[n % 2].connected("friend")
        snapshot = await person.ask("conversation.open", conversation_id=conversation_id)
        newcomers.append((person, snapshot["head"]["rev"]))
    await writing
    last = await opened(here, conversation_id, "creator", "creator")
    await last.send(conversation_id, "the end")

    for person, head in newcomers:
        await caught_up(person, conversation_id, 2 * AT_ONCE + 1)
        assert revs_of(person, conversation_id) == list(range(head + 1, 2 * AT_ONCE + 2))
        assert person.named("conversation.resync") == []


async def test_a_node_that_was_cut_off_from_redis_has_its_people_ask(
    sqlite_url: str, redis_server: RedisServer, start_hub: Any
) -> None:
    settings = settings_for(sqlite_url, redis_server.url)
    async with wire_to(redis_server.port) as wire:
        here: RunningHub = await start_hub(settings)
        cut = settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{wire.port}"})
        there: RunningHub = await start_hub(cut)
        conversation_id, fan, creator = await chat((here, there))
        await fan.send(conversation_id, "before")
        await creator.received("message.new")

        wire.refuses = True
        wire.cut()
        for _ in range(20):
            await fan.send(conversation_id, "meanwhile")
            await creator.send(conversation_id, "also meanwhile")  # each side goes on alone
            await asyncio.sleep(0.1)  # for two seconds, which is the fact under test
        wire.refuses = False
        back, sent = asyncio.get_running_loop().time(), 41
        known = {person: len(person.named("conversation.resync")) for person in (fan, creator)}  # of holes meanwhile
        for person, count in known.items():
            await person.until(lambda person=person, count=count: len(person.named("conversation.resync")) > count)  # type: ignore[misc]
        assert asyncio.get_running_loop().time() - back < 5

        for person in (fan, creator):
            cursor = {"conversation_id": conversation_id, "rev": 1}
            (result,) = (await person.ask("conversation.sync", cursors=[cursor]))["results"]
            assert [change["rev"] for change in result["changes"]] == list(range(2, sent + 1))
        await eventually(lambda: there.hub.services.bus.trouble is None)
        for person, other in ((fan, creator), (creator, fan)):
            await person.send(conversation_id, "after")
            sent += 1
            await caught_up(other, conversation_id, sent)
        for person in (fan, creator):
            heard = revs_of(person, conversation_id)
            assert all(one < another for one, another in pairwise(heard))
        await there.stop()
        await here.stop()


async def test_what_was_said_over_http_before_somebody_opens_is_not_missed_afterwards(nodes: Nodes) -> None:
    """Both nodes have stored entries of a conversation that nobody had open, and heard nothing of each other's."""
    conversation_id = await nodes[0].order_chat()
    for number, node in enumerate((nodes[0], nodes[1])):
        path = f"/api/v1/conversations/{conversation_id}/messages/over-http-{number}"
        await node.ok("PUT", path, {"body": f"{number}"}, token=node.token("creator", "creator"))
    people = [await opened(node, conversation_id, "fan") for node in nodes]
    holes = gaps._value.get()

    await people[0].send(conversation_id, "live")
    for person in people:
        await caught_up(person, conversation_id, 3)
    await people[1].send(conversation_id, "live, too")
    for person in people:
        await caught_up(person, conversation_id, 4)
        assert revs_of(person, conversation_id) == [3, 4]
    assert gaps._value.get() == holes  # a resync would come a moment later


# --- workers --------------------------------------------------------------------------------------------------------


async def test_who_looks_on_one_node_gets_no_email_from_the_worker_of_another(
    sqlite_url: str, redis_server: RedisServer, start_hub: Any
) -> None:
    clock, mailbox = MovableClock(), Mailbox()
    settings = settings_for(sqlite_url, redis_server.url, unread_email_seconds=30)
    there: RunningHub = await start_hub(settings, clock=clock, senders={"email": mailbox})
    async with without_worker(settings, clock=clock) as here:
        for user_id in ("fan", "other", "creator"):
            await here.user(user_id, email=f"{user_id}@example.com")
        conversation_id = await conversation(here, "fan", "other")
        fan, creator = await here.connected("fan"), await here.connected("creator", "creator")
        await fan.ask("focus.set", conversation_id=conversation_id)
        await here.hub.cluster.presence.states(["fan"])  # waits until Redis was told

        await creator.send(conversation_id, "hello")
        clock.forward(31)
        assert await mailbox.next() == "other"
        assert mailbox.mails.empty()

        await fan.ask("focus.set", conversation_id=None)
        await here.hub.cluster.presence.states(["fan"])
        clock.forward(6)
        assert await mailbox.next() == "fan"
        await there.stop()


async def test_a_window_that_a_worker_process_closes_is_heard_live_on_a_gateway(
    sqlite_url: str, redis_server: RedisServer
) -> None:
    settings = settings_for(sqlite_url, redis_server.url)
    async with without_worker(settings) as gateway, worker_process(settings):
        conversation_id = await gateway.order_chat(closes_at=MovableClock().text(seconds=1))
        fan = await gateway.connected("fan")
        await fan.ask("conversation.open", conversation_id=conversation_id)

        # A process takes a while to start here.
        await eventually(lambda: any("conversation" in told for told in fan.named("conversation.updated")), 20)

        (told,) = (each for each in fan.named("conversation.updated") if "conversation" in each)
        assert (told["conversation"]["state"], told["conversation"]["reason"]) == ("closed", "expired")
        assert (await fan.refused("message.send", conversation_id=conversation_id, client_message_id="x", body="x"))[
            "code"
        ] == "conversation.closed"
