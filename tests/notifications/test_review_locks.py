"""Readers, workers and the planner lock the same rows in the same order: nobody waits for each other on PostgreSQL."""

import asyncio
import random

from sqlalchemy import text

from hub.errors import NotificationNotFound
from persistence.engine import create_engine
from tests.clock import MovableClock
from tests.conftest import in_thread, make_settings
from tests.databases import PostgresDatabases
from tests.notifications.post import Posts
from tests.notifications.road import Road, open_road

PEOPLE, ROUNDS, DEVICES = 60, 6, 3
PUSH, DIGEST = 10.0, 20.0


async def settle_in(road: Road) -> list[str]:
    """Everybody with some devices, and each one's conversation with the creator."""
    await road.begin()
    for number in range(PEOPLE):
        await road.person(f"fan{number}", phone=f"+50934{number:06}")
        await road.choose(f"fan{number}", "category:messages", "sms", allowed=True)
        for device in range(DEVICES):
            await road.device(f"fan{number}", str(device))
    return [await road.another_conversation(f"fan{number}") for number in range(PEOPLE)]


async def read_somehow(road: Road, dice: random.Random, person: str, conversation_id: str, seq: int) -> None:
    way = dice.choice(["message", "entry", "all"])
    await asyncio.sleep(dice.random() * 0.2)
    inbox = road.hub.services.inbox
    if way == "message":
        await road.read(seq, of=conversation_id, by=person)
    elif way == "all":
        await inbox.read_all(person)
    for entry in (await inbox.page(person, before=None, limit=2)).notifications if way == "entry" else ():
        try:
            await inbox.read(person, entry.id)
        except NotificationNotFound:  # a newer one has taken its place
            continue


async def stir(road: Road, other: Road, conversations: list[str], dice: random.Random) -> None:
    """Two workers send what is due while everybody reads, and more is written and planned."""
    seqs = [await road.write(to=each) for each in conversations]
    await road.plan()
    road.clock.forward(dice.choice([PUSH, DIGEST, 301.0]))

    async def write_more() -> None:
        for each in dice.sample(conversations, PEOPLE // 2):
            await road.write(to=each)
        await other.plan()

    readers = [
        read_somehow(dice.choice([road, other]), dice, f"fan{number}", conversations[number], seqs[number])
        for number in range(PEOPLE)
    ]
    await asyncio.gather(road.deliverer.run_once(), other.deliverer.run_once(), write_more(), *readers)


async def deadlocks(url: str) -> int:
    engine = create_engine(url)
    async with engine.connect() as connection:
        query = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        found = await connection.scalar(query)
    await engine.dispose()
    return int(found or 0)


async def test_nobody_waits_for_each_other(postgres_databases: PostgresDatabases) -> None:
    url = in_thread(postgres_databases.fresh)
    settings = make_settings(url, unread_push_seconds=PUSH, unread_email_seconds=DIGEST)
    posts, dice = Posts(MovableClock(stands=True)), random.Random(7)
    clock = posts.email._clock

    async with (
        open_road(settings, clock, posts.senders()) as road,
        open_road(settings, clock, posts.senders()) as other,
    ):
        conversations = await settle_in(road)
        for _ in range(ROUNDS):
            await stir(road, other, conversations, dice)

    assert await deadlocks(url) == 0  # counted when the connections have ended
    assert posts.push.taken
    in_thread(lambda: postgres_databases.drop(url))
