"""The relay: each outbox event has its effect once, one that keeps failing ends dead, and the others go on."""

import asyncio
from collections.abc import Sequence

import pytest

from hub.events import MessageSent
from hub.relay import BATCH, MOST_ATTEMPTS, Relay
from persistence.uow import Tx
from tests.conftest import make_settings
from tests.notifications.conftest import DELAY
from tests.notifications.road import Road, open_road


class Heard:
    """A DURABLE reaction that notes what it hears, and fails for one conversation."""

    def __init__(self, fails_for: str = "") -> None:
        self.fails_for = fails_for
        self.seqs: list[int] = []

    async def __call__(self, tx: Tx, events: Sequence[MessageSent]) -> None:
        for event in events:
            if event.conversation_id == self.fails_for:
                raise RuntimeError("on purpose")
        self.seqs += [event.seq for event in events]


def relay_of(road: Road, *reactions: object) -> Relay:
    return Relay(road.database, {MessageSent: reactions})  # type: ignore[dict-item]


async def test_events_are_handed_on_in_order_and_then_gone(road: Road) -> None:
    heard = Heard()
    for _ in range(5):
        await road.write()

    handled = await relay_of(road, heard).run_once()

    assert handled == 5
    assert heard.seqs == [1, 2, 3, 4, 5]
    assert await road.outbox() == []


async def test_more_than_a_batch_is_worked_off_in_rounds(road: Road) -> None:
    heard = Heard()
    await asyncio.gather(*(road.write() for _ in range(BATCH + 1)))
    relay = relay_of(road, heard)

    assert [await relay.run_once() for _ in range(3)] == [BATCH, 1, 0]
    assert heard.seqs == list(range(1, BATCH + 2))


async def test_an_event_that_keeps_failing_backs_off_and_ends_dead_while_the_others_go_on(road: Road) -> None:
    bad = await road.another_conversation()
    heard = Heard(fails_for=bad)
    relay = relay_of(road, heard)
    await road.write(to=bad)

    for attempt in range(1, MOST_ATTEMPTS + 1):
        await road.write()
        await relay.run_once()
        (row,) = await road.outbox()
        assert row.attempts == attempt
        assert len(heard.seqs) == attempt
        assert (row.dead_at is not None) == (attempt == MOST_ATTEMPTS)
        await relay.run_once()
        assert (await road.outbox())[0].attempts == attempt, "it waits for its backoff"
        road.clock.forward(0.5 * 2 ** (attempt - 1))

    road.clock.forward(86_400)
    assert await relay.run_once() == 0
    (dead,) = await road.outbox()
    assert "on purpose" in dead.last_error


async def test_an_event_that_nobody_understands_ends_dead_and_spoils_nothing(road: Road) -> None:
    from sqlalchemy import insert  # noqa: PLC0415

    from persistence.outbox import outbox  # noqa: PLC0415

    async with road.database.begin() as tx:
        await tx.connection.execute(insert(outbox).values(type="from.the.future", payload="{}", at=tx.now))
    await road.write()

    await road.work(DELAY)

    assert len(await road.captures()) == 1
    (row,) = await road.outbox()
    assert row.type == "from.the.future"
    assert row.attempts


@pytest.mark.parametrize("end", [asyncio.CancelledError, RuntimeError])
async def test_a_crash_between_reaction_and_commit_has_no_effect(road: Road, end: type[BaseException]) -> None:
    async def crash(tx: Tx, events: Sequence[MessageSent]) -> None:
        raise end

    plan = road.relay._durable[MessageSent][0]
    await road.write()
    await asyncio.gather(relay_of(road, plan, crash).run_once(), return_exceptions=True)
    assert await road.states() == []

    await road.work(1)  # the row's backoff
    await road.work(DELAY + 1)

    assert len(await road.captures()) == 1
    assert await road.outbox() == []


async def test_two_workers_on_one_database_have_each_effect_once(database_url: str, road: Road) -> None:
    async with open_road(make_settings(database_url, unread_email_seconds=DELAY), road.clock) as other:
        heard = Heard()
        relays = relay_of(road, heard, road.relay._durable[MessageSent][0]), relay_of(other, heard)
        conversations = [await road.another_conversation() for _ in range(20)]
        for each in conversations:
            await asyncio.gather(*(road.write(to=each) for _ in range(3)))

        while sum(await asyncio.gather(*(relay.run_once() for relay in relays))):
            pass

        assert sorted(heard.seqs) == sorted([1, 2, 3] * 20)
        assert await road.outbox() == []


async def test_two_workers_send_each_email_once(database_url: str, road: Road) -> None:
    async with open_road(make_settings(database_url, unread_email_seconds=DELAY), road.clock) as other:
        for number in range(30):
            await road.person(f"fan{number}")
            await road.write(to=await road.another_conversation(f"fan{number}"))
        await asyncio.gather(road.relay.run_once(), other.relay.run_once())
        road.clock.forward(DELAY)

        while sum(await asyncio.gather(road.deliverer.run_once(), other.deliverer.run_once())):
            pass

        assert await road.states() == ["accepted"] * 30
        assert {attempts for _, _, attempts in await road.deliveries()} == {1}
        assert len(await road.captures()) == 30


async def test_events_that_name_many_people_share_no_huge_transaction(road: Road) -> None:
    people = [f"somebody-with-a-long-name-{number:04}" for number in range(200)]
    for _ in range(60):
        await road.publish("platform.news", *people)
    waiting = len(await road.outbox())

    handled = [await road.relay.run_once() for _ in range(3)]

    assert sum(handled) == waiting == 60
    assert handled[0] < waiting
    assert len(await road.notifications()) == 60 * len(people)
