"""The Node peers do what they are measured at: rooms across nodes by Redis, and chat committed before its ack."""

import asyncio
import shutil
from collections.abc import Iterator

import msgspec
import pytest

from loadtests.ledger import Ledger
from loadtests.pairs import Person, connected_pairs
from loadtests.peers.processes import node_peer, running_peer
from loadtests.redis import RedisServer
from loadtests.sockets import connect
from tests.conftest import in_thread
from tests.databases import PostgresDatabases

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(shutil.which("npm") is None, reason="there is no Node.js here"),
]


async def test_two_nodes_share_a_room_by_the_sharded_adapter(redis_server: RedisServer) -> None:
    got: asyncio.Queue[bytes] = asyncio.Queue()
    options = ("--redis", redis_server.url)
    async with (
        running_peer("first", node_peer(), *options) as first,
        running_peer("second", node_peer(), *options) as second,
    ):
        here = await connect(first.host, first.port, on_event=lambda text, _at: got.put_nowait(text))
        there = await connect(second.host, second.port)
        await here.ask("join", {"rooms": ["room"]})
        async with asyncio.timeout(10):
            while got.empty():  # the subscription is made in the background
                await there.ask("burst", {"room": "room", "n": 1, "first": 1, "body": "across"})
                await asyncio.sleep(0.05)
        assert got.get_nowait() == b'["msg",{"i":1,"body":"across"}]'
        here.close()
        there.close()


@pytest.fixture
def postgresql_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    url = in_thread(postgres_databases.fresh)
    yield url.replace("+asyncpg", "")
    in_thread(lambda: postgres_databases.drop(url))


async def test_chat_is_stored_once_and_told_to_both(postgresql_url: str) -> None:
    async with (
        running_peer("chat", node_peer("chat.js"), "--postgres", postgresql_url, "--pool", "2") as chat,
        connected_pairs(chat.base, 2, ledger := Ledger()) as pairs,
    ):
        fan = next(person for person in pairs.people if person.user_id == "fan-0")
        first = await send(fan, fan.conversation_id, "one", "bonjou")
        assert first["data"]["message"]["seq"] == 1
        again = await send(fan, fan.conversation_id, "one", "bonjou")
        assert again["data"]["deduplicated"]
        assert again["data"]["message"]["seq"] == 1
        second = await send(fan, fan.conversation_id, "two", "mèsi")
        assert second["data"]["message"]["seq"] == 2
        other = next(person.conversation_id for person in pairs.people if person.conversation_id != fan.conversation_id)
        refused = await send(fan, other, "three", "let me in")
        assert refused["error"]["code"] == "access.denied"
        async with asyncio.timeout(10):
            while ledger.arrivals < 4:  # noqa: ASYNC110  (counted by the sockets, event by event)
                await asyncio.sleep(0.01)
        assert (await pairs.heads())[fan.conversation_id] == 2


async def send(person: Person, conversation_id: str, client_message_id: str, body: str) -> dict[str, dict[str, object]]:
    payload = {"conversation_id": conversation_id, "client_message_id": client_message_id, "body": body}
    (answer,) = msgspec.json.decode((await person.client.ask("message.send", payload)).text)
    found: dict[str, dict[str, object]] = answer
    return found
