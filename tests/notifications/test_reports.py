"""Reports of providers: each fact counts once, in whatever order, before and after our own record."""

import asyncio
from collections.abc import AsyncIterator
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from hub.clock import SystemClock
from hub.notifications.fate import OPEN, RANK, STATE_OF, state_after
from hub.notifications.reports import Reports, apply_known
from persistence.deliveries import delivery
from persistence.engine import Connections
from persistence.uow import Database
from tests.notifications.told import Told, report, reports

KINDS = sorted(STATE_OF)
STATES = [*sorted(OPEN), "sending", "cancelled", "expired", "suppressed"]


@pytest.fixture
async def told(database_url: str) -> AsyncIterator[Told]:
    made = Told(Database(Connections(database_url), SystemClock()))
    await made.person()
    yield made
    await made.database.connections.close()


@given(st.sampled_from(STATES), st.permutations(KINDS), st.integers(0, len(KINDS)), st.data())
def test_any_order_with_any_repeats_gives_the_state_of_the_whole_set(
    state: str, order: list[str], count: int, data: st.DataObject
) -> None:
    facts = order[:count]
    known: set[str] = set()
    reached = state
    for fact in facts:
        known.add(fact)
        again = data.draw(st.lists(st.sampled_from(sorted(known)), max_size=2))
        for each in (fact, *again):
            del each  # a repeat adds nothing to the set
            reached = state_after(reached, known)
    assert reached == state_after(state, set(facts))
    assert state in OPEN or reached == state
    if reached != state:
        assert RANK[reached] > RANK.get(state, 0)


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        (["accepted"], "accepted"),
        (["accepted", "delivered"], "delivered"),
        (["accepted", "delivered", "seen", "clicked"], "delivered"),
        (["seen"], "delivered"),
        (["accepted", "failed"], "failed"),
        (["failed", "delivered"], "delivered"),
        (["delivered", "bounced"], "bounced"),
        (["bounced", "complained", "delivered"], "complained"),
    ],
)
async def test_every_order_of_webhooks_ends_in_one_state(told: Told, kinds: list[str], state: str) -> None:
    take = Reports(told.database).take
    for order in permutations(kinds):
        delivery_id = await told.told("unknown")
        for each in reports(delivery_id, order):
            await take([each])
            await take([each])
        assert await told.state(delivery_id) == state, order
        assert [step for step, _ in await told.steps(delivery_id)][-1] == state


async def test_a_fact_counts_once_however_often_it_comes(told: Told) -> None:
    delivery_id = await told.told()
    fact = report(delivery_id, "delivered")
    taken = [await Reports(told.database).take([fact, fact]) for _ in range(3)]
    assert taken == [1, 0, 0]
    assert await told.steps(delivery_id) == [("delivered", "reported by sendgrid")]


async def test_reports_at_the_same_time_are_all_taken(told: Told) -> None:
    ids = [await told.told() for _ in range(20)]
    take = Reports(told.database).take
    batches = [[report(each, kind) for each in order] for kind in KINDS for order in (ids, ids[::-1])]

    taken = await asyncio.gather(*(take(batch) for batch in batches))

    assert sum(taken) == len(ids) * len(KINDS)
    assert {await told.state(each) for each in ids} == {"complained"}


async def test_a_report_before_our_own_record_counts_when_that_is_written(told: Told) -> None:
    delivery_id = await told.told("sending")
    await Reports(told.database).take([report(delivery_id, "delivered")])
    assert await told.state(delivery_id) == "sending"

    await told.record(delivery_id, state="accepted", provider_id="m1")
    async with told.database.begin() as tx:
        await apply_known(tx, [delivery_id])

    assert await told.state(delivery_id) == "delivered"


@pytest.mark.parametrize("reported_first", [True, False])
async def test_a_report_that_comes_while_we_record_is_not_lost(told: Told, reported_first: bool) -> None:  # noqa: FBT001
    delivery_id = await told.told("sending")
    take = Reports(told.database).take([report(delivery_id, "delivered")])
    taking = asyncio.create_task(take)
    if reported_first:
        await taking
    async with told.database.begin() as tx:
        of_it = update(delivery).where(delivery.c.id == delivery_id)
        await tx.connection.execute(of_it.values(state="accepted", provider_id="m1"))
        await asyncio.sleep(0.05)  # the report waits for the row, its fact stored and not committed
        await apply_known(tx, [delivery_id])
    await taking
    assert await told.state(delivery_id) == "delivered"


async def test_a_report_that_knows_only_the_providers_name_is_matched_when_that_is_known(told: Told) -> None:
    delivery_id = await told.told("sending", channel="sms")
    await Reports(told.database).take(
        [report(None, "delivered", "SM1:delivered", provider="twilio", provider_id="SM1")]
    )

    await told.record(delivery_id, state="accepted", provider="twilio", provider_id="SM1")
    async with told.database.begin() as tx:
        await apply_known(tx, [delivery_id])
    assert await told.state(delivery_id) == "delivered"

    await Reports(told.database).take([report(None, "seen", "SM1:read", provider="twilio", provider_id="SM1")])
    assert (await told.notified(delivery_id)).seen_at == 1_000


@pytest.mark.parametrize("kind", ["accepted", "delivered", "failed"])
async def test_a_delivery_of_unknown_fate_takes_the_reported_one(told: Told, kind: str) -> None:
    delivery_id = await told.told("unknown")
    await Reports(told.database).take([report(delivery_id, kind)])
    assert await told.state(delivery_id) == kind


async def test_what_waits_for_a_retry_and_turns_out_to_be_sent_is_not_sent_again(told: Told) -> None:
    delivery_id = await told.told("retry_wait")
    take = Reports(told.database).take
    await take([report(delivery_id, "failed")])
    assert await told.state(delivery_id) == "retry_wait", "that an attempt failed is why it waits"
    await take([report(delivery_id, "accepted")])
    assert await told.state(delivery_id) == "failed"


async def test_what_was_reported_of_an_earlier_attempt_does_not_count_for_a_later_one(told: Told) -> None:
    delivery_id = await told.told("accepted", provider_id="second")
    await Reports(told.database).take([report(delivery_id, "failed", provider_id="first")])
    assert await told.state(delivery_id) == "accepted"
    await Reports(told.database).take([report(delivery_id, "delivered", provider_id="second.filter7")])
    assert await told.state(delivery_id) == "delivered"


async def test_what_was_seen_is_seen_at_the_first_time_whatever_comes_first(told: Told) -> None:
    delivery_id = await told.told()
    take = Reports(told.database).take
    await take([report(delivery_id, "seen", "1", at=5_000), report(delivery_id, "seen", "2", at=3_000)])
    assert (await told.notified(delivery_id)).seen_at == 3_000
    await take([report(delivery_id, "clicked", "3", at=2_000)])
    await take([report(delivery_id, "seen", "4", at=9_000)])
    assert (await told.notified(delivery_id)).seen_at == 2_000


async def test_a_digest_shares_its_fate_with_what_it_told(told: Told) -> None:
    carrier = await told.told()
    child = await told.told("accepted", parent_id=carrier)
    waiting = await told.told("held", parent_id=carrier)
    await Reports(told.database).take([report(carrier, "seen")])
    assert [await told.state(each) for each in (child, waiting)] == ["delivered", "held"]
    assert (await told.notified(child)).seen_at == 1_000
    assert (await told.notified(waiting)).seen_at is None


async def test_a_digest_that_only_the_provider_names_settles_once(told: Told) -> None:
    carrier = await told.told("accepted", channel="sms", provider_id="SM1")
    child = await told.told("accepted", channel="sms", provider_id="SM1", parent_id=carrier)
    await Reports(told.database).take([report(None, "delivered", "SM1", provider="twilio", provider_id="SM1")])
    for each in (carrier, child):
        assert [state for state, _ in await told.steps(each)] == ["delivered"]


async def test_a_bounce_pulls_the_next_rung_forward(told: Told) -> None:
    notification_id = await told.notification()
    email = await told.delivery(notification_id, "accepted")
    far = 2**42
    push = await told.delivery(notification_id, "planned", rung=1, channel="push", due_at=far)
    sms = await told.delivery(notification_id, "planned", rung=2, channel="sms", due_at=far)

    await Reports(told.database).take([report(email, "bounced", reason="no such mailbox", permanent=True)])

    assert (await told.of(push)).due_at < far
    assert (await told.of(sms)).due_at == far
    assert await told.steps(email) == [("bounced", "no such mailbox")]
    assert await told.database.due.wait(0.1), "who carries deliveries is woken"


@pytest.mark.parametrize(
    ("kind", "permanent", "category", "listed"),
    [
        ("bounced", True, "orders", [("email", "all", "bounced")]),
        ("bounced", False, "orders", []),
        ("complained", False, "news", [("email", "all", "complained")]),
        ("unsubscribed", False, "news", [("email", "news", "unsubscribed")]),
        ("unsubscribed", False, "reviews", [("email", "reviews", "unsubscribed")]),
        ("unsubscribed", False, "security", []),
        ("failed", False, "orders", []),
    ],
)
async def test_what_a_report_costs_the_address(
    told: Told,
    kind: str,
    permanent: bool,  # noqa: FBT001  (given by name)
    category: str,
    listed: list[tuple[str, str, str]],
) -> None:
    delivery_id = await told.delivery(await told.notification(category=category))
    fact = report(delivery_id, kind, permanent=permanent)
    for _ in range(2):
        await Reports(told.database).take([fact])
    assert await told.suppressions() == listed


async def test_a_dead_number_is_suppressed_for_sms_alone(told: Told) -> None:
    delivery_id = await told.told(channel="sms", provider="twilio")
    await Reports(told.database).take(
        [report(delivery_id, "failed", provider="twilio", permanent=True, address="+50934000000")]
    )
    assert await told.suppressions() == [("sms", "all", "failed")]


async def test_odd_reports_are_dropped_or_cut_and_harm_nothing(told: Told) -> None:
    delivery_id = await told.told()
    odd = [
        report("not-a-uuid", "delivered", "1"),
        report("00000000-0000-7000-8000-000000000000", "delivered", "2"),
        report(delivery_id, "failed", "3\0", reason="\0" + "é" * 500, provider_id="\ud800"),
        report(delivery_id, "delivered", "x" * 201),
        report(delivery_id, "delivered", "\0"),
        report(delivery_id, "delivered", "4", at=2**70),
        report(delivery_id, "delivered", "5", at=-1),
        report(None, "bounced", "6", permanent=True, address="\0"),
    ]
    assert await Reports(told.database).take(odd) == 4
    row = await told.of(delivery_id)
    assert (row.state, row.reason) == ("failed", "é" * 200)


@pytest.mark.parametrize("state", ["sending", "cancelled", "expired", "suppressed"])
async def test_what_we_decided_ourselves_stays(told: Told, state: str) -> None:
    delivery_id = await told.told(state)
    await Reports(told.database).take(reports(delivery_id, ["delivered", "bounced"]))
    assert await told.state(delivery_id) == state
