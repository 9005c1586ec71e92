"""How long notifications are kept, and what is left of an erased person's."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import func, select

from hub.ids import new_id
from hub.notifications.choices import Wishes
from hub.notifications.devices import Subscription
from persistence import captured, preferences, retention
from persistence.deliveries import delivery, delivery_step
from persistence.endpoints import endpoint
from persistence.erasure import erase_notifications
from persistence.notifications import notification
from persistence.provider_events import provider_event
from tests.notifications.desk import Desk, open_desk
from tests.notifications.test_devices import KEY, text

TABLES = (notification, delivery, delivery_step, provider_event, captured.captured)


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(database_url) as made:
        yield made


async def counts(desk: Desk) -> list[int]:
    async with desk.database.read() as connection:
        return [(await connection.execute(select(func.count()).select_from(table))).scalar_one() for table in TABLES]


async def rows(desk: Desk, table: Any) -> Sequence[Any]:
    async with desk.database.read() as connection:
        return (await connection.execute(select(table))).all()


async def capture(desk: Desk, delivery_id: str) -> None:
    row = {"delivery_id": delivery_id, "notification_id": new_id(), "user_id": "fan", "channel": "email"}
    async with desk.database.begin() as tx:
        await captured.keep(tx.connection, {**row, "recipient": "fan@example.com", "text": "Hi", "at": tx.now})


async def told_by_email(desk: Desk, state: str) -> str:
    told = await desk.told()
    delivery_id = await desk.delivery(told, state=state, due_at=desk.clock.now())
    await desk.step(delivery_id, told, state)
    await desk.report("delivered", delivery_id=delivery_id)
    await capture(desk, delivery_id)
    return told


async def test_what_is_old_goes_but_for_what_is_still_under_way(desk: Desk) -> None:
    old = desk.clock.now() - 40 * 86_400_000
    at = desk.clock.now() - 30 * 86_400_000
    first_ids = [retention.first_id_at(old + number) for number in range(3)]
    for notification_id, state in zip(first_ids, ("accepted", "planned", "dead"), strict=True):
        await desk.told(id=notification_id, created_at=old)
        delivery_id = await desk.delivery(notification_id, state=state)
        await desk.step(delivery_id, notification_id, state)
    await desk.report("delivered", received_at=old)
    kept = await told_by_email(desk, "accepted")

    async with desk.database.begin() as tx:
        assert not await retention.forget_before(tx.connection, at)

    assert {row.id for row in await rows(desk, notification)} == {first_ids[1], kept}
    assert await counts(desk) == [2, 2, 2, 1, 1]


async def test_much_that_is_old_goes_bit_by_bit(desk: Desk) -> None:
    for _ in range(5):
        await told_by_email(desk, "accepted")
    desk.clock.forward(1)

    left = []
    for _ in range(3):
        async with desk.database.begin() as tx:
            more = await retention.forget_before(tx.connection, tx.now, most=2)
        left.append((more, *await counts(desk)))

    assert left == [(True, 3, 3, 3, 3, 3), (True, 1, 1, 1, 1, 1), (False, 0, 0, 0, 0, 0)]


async def test_of_an_erased_person_only_numbers_are_left(desk: Desk) -> None:
    told = await told_by_email(desk, "planned")
    await desk.inbox.see("fan")
    sent = await desk.told(data='{"secret":"s"}', decisions='[{"reason":"secret"}]')
    await desk.delivery(sent, state="accepted")
    await desk.choices.change("fan", Wishes(settings={("all", "push"): False}))
    await desk.devices.register(
        "fan", Subscription(endpoint="https://push.example.com/x", p256dh=text(KEY), auth=text(b"0123456789abcdef"))
    )
    theirs = await desk.told("creator", data='{"kept":1}')

    async with desk.database.begin() as tx:
        await erase_notifications(tx.connection, "fan", at=tx.now)

    left = {row.id: row for row in await rows(desk, notification)}
    assert (left[told].data, left[sent].data, left[sent].decisions) == ("{}", "{}", "[]")
    assert left[theirs].data == '{"kept":1}'
    states = {row.notification_id: (row.state, row.reason) for row in await rows(desk, delivery)}
    assert states == {told: ("cancelled", "erased"), sent: ("accepted", None)}
    assert [row.state for row in await rows(desk, delivery_step)] == ["planned", "cancelled"]
    assert await rows(desk, endpoint) == await rows(desk, preferences.preference) == []
    assert await rows(desk, captured.captured) == []
    assert (await desk.inbox.page("fan", before=None, limit=10)).notifications == []
