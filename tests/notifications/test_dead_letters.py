"""Dead letters: what was given up is shown, and is tried again when an operator says so."""

from typing import Any

import pytest
from sqlalchemy import update

from hub.errors import DeadLetterNotFound
from hub.notifications.dead import DeadLetters
from hub.outbox_keeper import OutboxKeeper, dead, oldest, waiting
from persistence.outbox import outbox
from tests.notifications.road import Road
from tests.notifications.told import Told


async def kill(road: Road) -> Any:
    """The one row of the outbox, now dead."""
    async with road.database.begin() as tx:
        await tx.connection.execute(update(outbox).values(dead_at=tx.now, attempts=10, last_error="on purpose"))
    (row,) = await road.outbox()
    return row


async def test_a_dead_event_is_listed_and_replayed_once(road: Road) -> None:
    letters = DeadLetters(road.database)
    await road.write()
    row = await kill(road)
    assert await road.relay.run_once() == 0
    assert [(each.id, each.type, each.error) for each in await letters.events()] == [(row.id, row.type, "on purpose")]

    await letters.replay("outbox", str(row.id), actor="root")

    assert await letters.events() == []
    assert await road.relay.run_once() == 1
    with pytest.raises(DeadLetterNotFound):
        await letters.replay("outbox", str(row.id), actor="root")


@pytest.mark.parametrize("state", ["dead", "failed", "unknown"])
async def test_a_delivery_that_came_to_nothing_is_planned_anew(road: Road, state: str) -> None:
    told, letters = Told(road.database), DeadLetters(road.database)
    delivery_id = await told.told(state, attempts=8, provider="sendgrid", provider_id="m1", lease_token=None)
    assert [(each.id, each.state) for each in await letters.deliveries()] == [(delivery_id, state)]

    await letters.replay("delivery", delivery_id, actor="root")

    row = await told.of(delivery_id)
    assert (row.state, row.attempts, row.provider_id, row.due_at) == ("planned", 0, None, road.clock.now())
    assert await told.steps(delivery_id) == [("planned", "replayed by root")]
    assert await road.database.due.wait(0.1)


@pytest.mark.parametrize("state", ["planned", "sending", "accepted", "delivered", "cancelled", "suppressed", "expired"])
async def test_a_delivery_in_another_state_is_left_alone(road: Road, state: str) -> None:
    told = Told(road.database)
    delivery_id = await told.told(state)
    with pytest.raises(DeadLetterNotFound):
        await DeadLetters(road.database).replay("delivery", delivery_id, actor="root")
    assert await told.state(delivery_id) == state


@pytest.mark.parametrize("odd", ["", "x", "-1", "9" * 40, "½", "00000000-0000-7000-8000-000000000000"])
async def test_odd_ids_are_not_found(road: Road, odd: str) -> None:
    for kind in ("outbox", "delivery"):
        with pytest.raises(DeadLetterNotFound):
            await DeadLetters(road.database).replay(kind, odd, actor="root")  # type: ignore[arg-type]


async def test_all_dead_ones_of_a_kind_are_replayed_together(road: Road) -> None:
    told, letters = Told(road.database), DeadLetters(road.database)
    states = ("dead", "dead", "failed", "unknown")
    ids = [await told.told(state) for state in states]
    assert await letters.replay_all("delivery", actor="root") == 2, "what failed for a reason is replayed one by one"
    assert [await told.state(each) for each in ids] == ["planned", "planned", "failed", "unknown"]


async def test_the_gauges_show_what_waits_what_is_dead_and_how_old_the_oldest_is(road: Road) -> None:
    await road.write()
    await kill(road)
    await road.write()
    road.clock.forward(90)
    await OutboxKeeper(road.database).run_once()
    assert [gauge._value.get() for gauge in (waiting, dead, oldest)] == [1, 1, 90]
