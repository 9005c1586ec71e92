"""Two gateways and a worker on one database and one Redis: people on different nodes are together."""

from typing import Any
from uuid import uuid4

from hub.bootstrap import bootstrap
from loadtests.redis import RedisServer
from tests.cluster.nodes import eventually
from tests.conftest import make_settings
from tests.running import RunningHub


async def two_gateways(database_url: str, redis_url: str, start_hub: Any, **changes: Any) -> list[RunningHub]:
    settings = make_settings(database_url, redis_url=redis_url, redis_prefix=uuid4().hex, **changes)
    return [await start_hub(settings), await start_hub(settings)]


async def test_people_on_two_nodes_hear_each_other(sqlite_url: str, redis_server: RedisServer, start_hub: Any) -> None:
    here, there = await two_gateways(sqlite_url, redis_server.url, start_hub)
    conversation_id = await here.order_chat()
    fan, creator = await here.connected("fan"), await there.connected("creator", "creator")
    for person in (fan, creator):
        await person.ask("conversation.open", conversation_id=conversation_id)

    for n in range(20):
        await fan.send(conversation_id, f"from here {n}")
        await creator.send(conversation_id, f"from there {n}")
    await creator.ask("typing.start", conversation_id=conversation_id)

    for person in (fan, creator):
        await person.until(lambda person=person: len(person.named("message.new")) == 40)
        assert [each["rev"] for each in person.named("message.new")] == list(range(1, 41))
    await fan.received("typing", lambda event: event["user_id"] == "creator")


async def test_presence_is_one_for_both_nodes(sqlite_url: str, redis_server: RedisServer, start_hub: Any) -> None:
    here, there = await two_gateways(sqlite_url, redis_server.url, start_hub)
    await here.order_chat()
    fan = await here.connected("fan")
    first = await fan.ask("presence.subscribe", user_ids=["creator"])
    assert first["users"][0]["status"] == "offline"

    creator = await there.connected("creator", "creator")
    await fan.received("presence", lambda state: state["status"] == "online")
    await creator.ask("presence.set", status="busy")
    await fan.received("presence", lambda state: state["status"] == "busy")
    await creator.disconnect()
    await fan.received("presence", lambda state: state["status"] == "offline" and state["last_seen"])


async def test_a_worker_without_sockets_knows_who_is_looking(
    sqlite_url: str, redis_server: RedisServer, start_hub: Any
) -> None:
    settings = make_settings(sqlite_url, redis_url=redis_server.url, redis_prefix=uuid4().hex)
    gateway: RunningHub = await start_hub(settings)
    worker = bootstrap(settings).cluster
    await worker.start()
    conversation_id = await gateway.order_chat()
    fan = await gateway.connected("fan")
    await fan.ask("conversation.open", conversation_id=conversation_id)

    await fan.ask("focus.set", conversation_id=conversation_id)
    await gateway.hub.cluster.presence.states(["fan"])  # waits until Redis was told
    assert await worker.attention.is_looking("fan", conversation_id)

    await fan.ask("focus.set", conversation_id=None)
    await gateway.hub.cluster.presence.states(["fan"])
    assert not await worker.attention.is_looking("fan", conversation_id)
    await worker.stop()


async def test_readiness_tells_of_redis(sqlite_url: str, own_redis: RedisServer, start_hub: Any) -> None:
    hub: RunningHub = await start_hub(make_settings(sqlite_url, redis_url=own_redis.url))
    status, ready = await hub.http("GET", "/readyz", token="")
    assert (status, ready["checks"]["redis"]) == (200, "ok")

    own_redis.stop()
    await eventually(lambda: hub.hub.services.bus.trouble is not None)
    status, ready = await hub.http("GET", "/readyz", token="")
    assert status == 200  # its own sockets are still served
    assert "HUB_REDIS_URL" in ready["checks"]["redis"]

    own_redis.start()
    await eventually(lambda: hub.hub.services.bus.trouble is None)
    assert (await hub.http("GET", "/readyz", token=""))[0] == 200


async def test_what_was_said_while_redis_was_away_is_asked_for_when_it_is_back(
    sqlite_url: str, own_redis: RedisServer, start_hub: Any
) -> None:
    here, there = await two_gateways(sqlite_url, own_redis.url, start_hub)
    conversation_id = await here.order_chat()
    fan, creator = await here.connected("fan"), await there.connected("creator", "creator")
    for person in (fan, creator):
        await person.ask("conversation.open", conversation_id=conversation_id)
    await fan.send(conversation_id, "before")
    await creator.received("message.new")

    own_redis.stop()
    sent = [await fan.send(conversation_id, f"meanwhile {n}") for n in range(10)]
    own_redis.start()

    await creator.received("conversation.resync")
    synced = await creator.ask("conversation.sync", cursors=[{"conversation_id": conversation_id, "rev": 1}])
    (result,) = synced["results"]
    assert [each["message"]["seq"] for each in result["changes"]] == [message["seq"] for message in sent]
    await fan.send(conversation_id, "after")
    await creator.received("message.new", lambda event: event["message"]["body"] == "after")
