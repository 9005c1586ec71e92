"""A rolling restart: the people of a node that stops go on at another, and miss nothing and get nothing twice."""

import asyncio
from typing import Any

import pytest

from loadtests.redis import RedisServer
from tests.cluster.two import settings_for
from tests.flows.story import caught_up, conversation, opened, revs_of
from tests.running import Person, RunningHub

PEOPLE = 6


@pytest.fixture
async def nodes(sqlite_url: str, redis_server: RedisServer, start_hub: Any) -> list[RunningHub]:
    settings = settings_for(sqlite_url, redis_server.url)
    return [await start_hub(settings) for _ in range(2)]


async def test_who_moves_to_another_node_while_others_write_goes_on_where_it_was(nodes: list[RunningHub]) -> None:
    stops, stays = nodes
    names = [f"fan-{n}" for n in range(PEOPLE)]
    conversation_id = await conversation(stays, *names)
    moving = [await opened(stops, conversation_id, name) for name in names]
    writer = await opened(stays, conversation_id, "creator", "creator")
    enough = asyncio.Event()

    async def write() -> int:
        """Until everybody has moved; how much was sent."""
        sent = 0
        while not enough.is_set():
            sent += 1
            await writer.send(conversation_id, f"{sent}")
            await asyncio.sleep(0.04)  # a person may send thirty in a second
        return sent

    writing = asyncio.create_task(write())
    for person in moving:
        await caught_up(person, conversation_id, 5)
    stopping = asyncio.create_task(stops.stop_gateway())
    moved = await asyncio.gather(*(move(person, stays, conversation_id) for person in moving))
    await stopping
    for _, now in moved:
        await caught_up(now, conversation_id, 20)
    enough.set()
    sent = await writing

    for before, now in moved:
        await caught_up(now, conversation_id, sent)
        assert revs_of(before, conversation_id) + revs_of(now, conversation_id) == list(range(1, sent + 1))
        assert now.named("conversation.resync") == []
    assert revs_of(writer, conversation_id) == list(range(1, sent + 1))


async def move(before: Person, to: RunningHub, conversation_id: str) -> tuple[Person, Person]:
    """Comes back at once, as a client does that was told to."""
    await before.received("session.draining")
    await before.received("disconnect")
    last = revs_of(before, conversation_id)[-1]
    return before, await to.connected(before.user_id, resume={conversation_id: last})
