"""Ordered events: a conversation's are handed on in its order, whatever fails and whoever works."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import update

from hub.events import EventPublished, MessageSent
from hub.reactions import Tables
from hub.relay import FROM_START_MS, MOST_ATTEMPTS, Relay
from persistence.outbox import outbox
from persistence.uow import Tx
from tests.conftest import make_settings
from tests.notifications.road import Road, open_road

ORDERED = frozenset({MessageSent, EventPublished})


class Heard:
    """Notes what it hears of each conversation; fails for the numbers that it is told to."""

    def __init__(self) -> None:
        self.fails_at: set[int] = set()
        self.of: dict[str, list[int]] = {}

    async def __call__(self, _tx: Tx, events: Sequence[Any]) -> None:
        if any(event.seq in self.fails_at for event in events):
            raise RuntimeError("on purpose")
        for event in events:
            self.of.setdefault(event.conversation_id, []).append(event.seq)


def ordered(road: Road, heard: Heard) -> Relay:
    """A relay whose events are all ordered, and a database that stores them so."""
    durable = {MessageSent: (heard,), EventPublished: (heard,)}
    tables = Tables(within={}, live={}, durable=durable, unsure=_nobody, ordered=ORDERED)
    road.database.reactions = tables.for_database()
    return Relay(road.database, durable)


async def _nobody(_conversation_id: str) -> None:
    pass


async def publish(road: Road, seq: int) -> None:
    event = EventPublished(
        event_id=road.conversation_id,
        type="order.placed",
        recipients={},
        at=1,
        conversation_id=road.conversation_id,
        seq=seq,
    )
    async with road.database.begin() as tx:
        tx.emit(event)


async def test_what_follows_a_failed_event_waits_for_it_and_other_conversations_do_not(road: Road) -> None:
    heard = Heard()
    relay = ordered(road, heard)
    other = await road.another_conversation()
    heard.fails_at = {1}
    for _ in range(3):
        await road.write()
    await relay.run_once()
    assert heard.of == {}
    heard.fails_at = set()
    await road.write(to=other)
    await road.write()

    await relay.run_once()
    assert heard.of == {other: [1]}, "the first of the others backs off"

    road.clock.forward(1)
    while await relay.run_once():
        pass
    assert heard.of == {other: [1], road.conversation_id: [1, 2, 3, 4]}
    assert await road.outbox() == []


async def test_a_dead_event_no_longer_holds_the_others_up(road: Road) -> None:
    heard = Heard()
    relay = ordered(road, heard)
    heard.fails_at = {1}
    await road.write()
    await road.write()
    for _ in range(MOST_ATTEMPTS):
        assert heard.of == {}
        await relay.run_once()
        road.clock.forward(1_000)
    while await relay.run_once():
        pass
    assert heard.of == {road.conversation_id: [2]}
    assert [row.dead_at is not None for row in await road.outbox()] == [True]


async def test_types_that_are_handled_one_after_the_other_keep_their_common_order(road: Road) -> None:
    heard = Heard()
    relay = ordered(road, heard)
    await publish(road, 101)
    await road.write()
    await publish(road, 102)
    await road.write()

    while await relay.run_once():
        pass

    assert heard.of == {road.conversation_id: [101, 1, 102, 2]}


async def test_what_another_worker_holds_is_waited_for(database_url: str, road: Road) -> None:
    async with open_road(make_settings(database_url), road.clock) as other:
        holds, goes_on = asyncio.Event(), asyncio.Event()
        heard = Heard()

        async def slow(tx: Tx, events: Sequence[Any]) -> None:
            holds.set()
            await goes_on.wait()
            await heard(tx, events)

        fast = ordered(road, heard)
        first = Relay(other.database, {MessageSent: (slow,)})
        await road.write()
        working = asyncio.create_task(first.run_once())
        await holds.wait()
        if not road.database.connections.is_sqlite:  # there one writes at a time, and nobody can pass another
            await road.write()
            await fast.run_once()
            assert heard.of == {}
            assert await road.database.stored.wait(0.1), "it looks again soon, and not at the next poll"
        goes_on.set()
        await working
        while await fast.run_once():
            pass
        seqs = heard.of[road.conversation_id]
        assert seqs == list(range(1, len(seqs) + 1))


async def test_only_ordered_types_have_a_key(road: Road) -> None:
    await road.write()
    ordered(road, Heard())
    await road.write()
    assert [row.key for row in await road.outbox()] == [None, road.conversation_id]


async def test_a_row_that_appears_below_the_others_is_found(road: Road) -> None:
    heard = Heard()
    relay = Relay(road.database, {MessageSent: (heard,)})
    await road.write()
    await relay.run_once()
    async with road.database.begin() as tx:  # its number was given long ago, and only now it is committed
        payload = msgspec.json.encode(MessageSent(road.conversation_id, 9, "creator", 1)).decode()
        await tx.connection.execute(outbox.insert().values(type="message.sent", payload=payload, at=1))
        await tx.connection.execute(update(outbox).values(id=0))

    road.clock.forward(FROM_START_MS / 1000)
    await relay.run_once()

    assert heard.of[road.conversation_id] == [1, 9]
