"""Workers that die, and workers that meet: nothing is lost, and nothing that is not critical goes out twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from hub.channels.base import Accepted, Email, RetryLater, Unknown
from hub.notifications.leasing import LEASE_MS
from hub.notifications.recording import UNSURE_MS
from tests.clock import MovableClock
from tests.conftest import in_thread, make_settings
from tests.databases import PostgresDatabases
from tests.doubles.gate import Gate
from tests.notifications.post import Posts
from tests.notifications.road import Road, open_road

LEASE = LEASE_MS / 1000 + 1
UNSURE = UNSURE_MS / 1000 + 1
ORDER, MONEY = "payment.settled", "refund.made"
DATA = {"order_id": "A17"}


@pytest.fixture
def posts() -> Posts:
    return Posts(MovableClock(stands=True))


@pytest.fixture
async def desk(database_url: str, posts: Posts) -> AsyncIterator[Road]:
    async with open_road(make_settings(database_url), posts.email._clock, posts.senders()) as road:
        await road.begin()
        yield road


async def die(road: Road, gate: Gate) -> None:
    """Lets the deliverer work up to the gate, and ends it there."""
    await road.plan()
    working = asyncio.create_task(road.deliverer.run_once())
    await gate.reached()
    await road.kill(working)
    gate.open()


@pytest.mark.parametrize("kind", [ORDER, MONEY])
async def test_a_worker_that_died_before_the_provider_was_called_loses_nothing(
    desk: Road, posts: Posts, kind: str
) -> None:
    await desk.publish(kind, "fan", data=DATA)
    gate = posts.email.before = Gate()
    await die(desk, gate)
    assert await desk.states() == ["ready"]
    await desk.work(LEASE_MS / 1000 - 1)
    assert posts.email.calls == 0, "its lease still runs"

    await desk.work(2)

    assert posts.told() == ["email"]
    assert posts.email.asked == []


async def test_one_that_died_while_the_provider_was_called_leaves_it_unknown(desk: Road, posts: Posts) -> None:
    await desk.publish(ORDER, "fan", data=DATA)
    gate = posts.email.during = Gate()
    await die(desk, gate)
    assert await desk.states() == ["sending"]

    await desk.work(LEASE)
    await desk.work(3600)

    assert await desk.states() == ["unknown"]
    assert posts.email.calls == 1


async def test_what_is_critical_is_asked_about_and_then_sent_again(desk: Road, posts: Posts) -> None:
    await desk.publish(MONEY, "fan", data=DATA)
    gate = posts.email.during = Gate()
    await die(desk, gate)

    await desk.work(LEASE)

    assert len(posts.email.asked) == 1
    assert posts.email.calls == 2
    assert await desk.states() == ["accepted"]


async def test_what_the_provider_says_it_has_is_not_sent_again(desk: Road, posts: Posts) -> None:
    await desk.publish(MONEY, "fan", data=DATA)
    gate = posts.email.during = Gate()
    await die(desk, gate)
    (row,) = await desk.rows("email")
    posts.email.known = {row.id: Accepted(provider_id="known")}

    await desk.work(LEASE)

    assert posts.email.calls == 1
    (row,) = await desk.rows("email")
    assert (row.state, row.provider_id) == ("accepted", "known")


async def test_a_critical_answer_that_got_lost_is_asked_about_after_a_while_then_sent_again(
    desk: Road, posts: Posts
) -> None:
    posts.email.answer = lambda message: Unknown("time-out")
    await desk.publish(MONEY, "fan", data=DATA)
    await desk.work()
    posts.email.answer = posts.email._accept
    await desk.work(UNSURE - 2)
    assert posts.email.calls == 1, "a report may still come"

    await desk.work(2)

    assert (len(posts.email.asked), posts.email.calls) == (1, 2)
    assert await desk.states() == ["accepted"]
    (row,) = await desk.rows("email")
    assert ("unknown", "unknown: time-out") in await desk.steps(row.id), "the trace shows it"


async def test_one_that_is_never_sure_ends_unknown_after_so_many_attempts(desk: Road, posts: Posts) -> None:
    posts.email.answer = lambda message: Unknown("time-out")
    await desk.publish(MONEY, "fan", data=DATA)

    for _ in range(20):
        await desk.work(UNSURE)

    assert posts.email.calls == 8
    assert await desk.states() == ["unknown"]


async def test_a_provider_that_can_take_it_twice_is_given_it_again(database_url: str) -> None:
    clock = MovableClock(stands=True)
    posts = Posts(clock)
    posts.email.repeatable = True
    async with open_road(make_settings(database_url), clock, posts.senders()) as road:
        await road.begin()
        await road.publish(ORDER, "fan", data=DATA)
        gate = posts.email.during = Gate()
        await die(road, gate)

        await road.work(LEASE)

        assert await road.states() == ["accepted"]


async def test_a_slow_worker_that_lost_its_lease_does_not_send(desk: Road, posts: Posts) -> None:
    """Another has it by then; the slow one is told when it asks whether it may go."""
    await desk.publish(ORDER, "fan", data=DATA)
    await desk.plan()
    gate = posts.email.before = Gate()
    slow = asyncio.create_task(desk.deliverer.run_once())
    await gate.reached()
    posts.email.before = _pass
    desk.clock.forward(LEASE)
    async with open_road(desk.hub.settings, desk.clock, posts.senders()) as other:
        await other.work()

    gate.open()
    await slow

    assert posts.email.calls == 1
    assert await desk.deliveries() == [("accepted", None, 1)]


async def _pass() -> None:
    """No delay."""


async def test_a_provider_that_breaks_its_promise_and_raises_loses_and_doubles_nothing(
    desk: Road, posts: Posts
) -> None:
    async def burst() -> None:
        raise RuntimeError("a bug in a sender")

    posts.email.before = burst
    await desk.publish(ORDER, "fan", data=DATA)
    await desk.work()
    assert await desk.deliveries() == [("retry_wait", "RuntimeError", 1)]
    posts.email.before, posts.email.during = _pass, burst
    await desk.work(60)

    assert await desk.deliveries() == [("unknown", "RuntimeError", 2)]
    await desk.work(3600)
    assert posts.email.calls == 1


async def test_a_provider_that_is_down_leaves_dead_letters_and_others_go_on(desk: Road, posts: Posts) -> None:
    posts.email.answer = lambda message: (
        RetryLater("HTTP 503") if message.user_id == "fan" else posts.email._accept(message)
    )
    await desk.publish(ORDER, "fan", "creator", data=DATA)

    for _ in range(10):
        await desk.work(3600)

    assert sorted(await desk.deliveries()) == [("accepted", None, 1), ("dead", "HTTP 503", 8)]


async def test_the_wait_grows_and_is_spread(desk: Road, posts: Posts) -> None:
    posts.email.answer = lambda message: RetryLater("HTTP 503")
    await desk.publish(ORDER, *(f"fan{number}" for number in range(20)), data=DATA)
    for number in range(20):
        await desk.person(f"fan{number}")

    for attempt, shortest in enumerate((5_000, 10_000, 20_000)):
        await desk.work(0 if attempt == 0 else 30)
        waits = [row.due_at - desk.clock.now() for row in await desk.rows("email")]
        assert all(shortest <= wait <= 1.2 * shortest for wait in waits)
        assert len(set(waits)) > 10, "they do not all come at once"


async def test_the_providers_own_wait_is_kept(desk: Road, posts: Posts) -> None:
    posts.email.answer = lambda message: RetryLater("HTTP 429", after_seconds=100)
    await desk.publish(ORDER, "fan", data=DATA)

    await desk.work()

    (row,) = await desk.rows("email")
    assert 100_000 <= row.due_at - desk.clock.now() <= 120_000


async def test_two_workers_hand_over_every_delivery_once(postgres_databases: PostgresDatabases) -> None:
    url = in_thread(postgres_databases.fresh)
    clock = MovableClock(stands=True)
    posts = Posts(clock)
    settings = make_settings(url)
    async with (
        open_road(settings, clock, posts.senders()) as road,
        open_road(settings, clock, posts.senders()) as other,
    ):
        people = [f"fan{number}" for number in range(400)]
        for each in people:
            await road.person(each)
        for begin in range(0, len(people), 100):
            await road.publish(ORDER, *people[begin : begin + 100], data={"order_id": str(begin)})
        await road.plan()

        while sum(await asyncio.gather(*(each.deliverer.run_once() for each in (road, other, road, other)))):
            pass

        counts = Counter(each.message.delivery_id for each in posts.email.taken)
        assert (len(counts), set(counts.values())) == (400, {1})
        assert set(await road.deliveries()) == {("accepted", None, 1)}
    in_thread(lambda: postgres_databases.drop(url))


async def test_what_a_dead_worker_may_have_told_is_not_told_again(desk: Road, posts: Posts) -> None:
    await desk.write("first")
    await desk.work()
    desk.clock.forward(1)
    gate = posts.email.during = Gate()
    await die(desk, gate)
    await desk.write("second")

    await desk.work(LEASE)
    await desk.work(60)

    (mail,) = posts.email.to("fan")
    assert isinstance(mail, Email)
    assert "second" in mail.text
    assert "first" not in mail.text
