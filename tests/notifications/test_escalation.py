"""Escalation: a later rung goes when the ones before had no success, at once when they came to nothing, never after."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from hub.channels.base import Gone, Misconfigured, Outcome, Rejected, RetryLater, Unknown
from hub.notifications.reports import Reports
from persistence.notifications import notification
from tests.clock import MovableClock
from tests.conftest import make_settings
from tests.notifications.post import Posts, report
from tests.notifications.road import Road, open_road

DATA = {"order_id": "A17", "title": "Video"}
STEP = 600.0
"""Seconds between the rungs."""
LEASE = 60.0


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The ladder has nothing to do with the kind of database."""
    return sqlite_url


@pytest.fixture
def posts() -> Posts:
    """Providers that report, so that what they accept has not arrived yet."""
    return Posts(MovableClock(stands=True), email="sendgrid", sms="twilio", whatsapp="whatsapp")


@pytest.fixture
async def ladder(database_url: str, posts: Posts) -> AsyncIterator[Road]:
    """Fans who can be reached by e-mail, push and SMS."""
    async with open_road(
        make_settings(database_url, unread_email_seconds=1800), posts.email._clock, posts.senders()
    ) as road:
        await road.begin(phone="+50934000001")
        await road.device("fan")
        yield road


async def test_what_was_accepted_but_never_arrives_climbs_rung_by_rung(ladder: Road, posts: Posts) -> None:
    posts.push.answer = lambda message: Rejected("no")
    await ladder.publish("order.placed", "fan", data=DATA)

    await ladder.work()
    assert posts.told() == ["email"]
    await ladder.work(STEP - 1)
    assert posts.push.calls == 0
    await ladder.work(1)
    assert posts.push.calls == 1
    await ladder.work(STEP)
    assert posts.told() == ["email", "sms"]


async def test_push_says_no_more_than_that_it_was_accepted_and_that_is_enough(ladder: Road, posts: Posts) -> None:
    await ladder.publish("order.placed", "fan", data=DATA)

    for _ in range(4):
        await ladder.work(STEP)

    assert posts.told() == ["email", "push"]
    (sms,) = await ladder.rows("sms")
    assert (sms.state, sms.reason) == ("cancelled", "accepted by push")


async def test_what_arrived_needs_no_later_rung(ladder: Road, posts: Posts) -> None:
    await ladder.publish("order.placed", "fan", data=DATA)
    await ladder.work()
    (mail,) = await ladder.rows("email")
    await Reports(ladder.database).take([report(mail.id, "delivered", ladder.clock.now())])

    await ladder.work(3 * STEP)

    assert posts.told() == ["email"]
    assert {row.reason for row in await ladder.rows("push")} == {"delivered by email"}


async def test_a_bounce_sends_the_next_rung_at_once(ladder: Road, posts: Posts) -> None:
    await ladder.publish("order.placed", "fan", data=DATA)
    await ladder.work()
    (mail,) = await ladder.rows("email")

    await Reports(ladder.database).take([report(mail.id, "bounced", ladder.clock.now())])
    await ladder.work()

    assert posts.told() == ["email", "push"]


async def test_a_rung_that_asks_to_be_seen_is_not_content_with_arrival(ladder: Road, posts: Posts) -> None:
    await ladder.publish("delivery.ready", "fan", data=DATA)

    await ladder.work()
    await ladder.work(STEP)

    assert posts.told() == ["push", "email"]


@pytest.mark.parametrize("mark", ["seen_at", "read_at", "replied_at", "paid_at"])
async def test_whoever_saw_it_is_not_told_again(ladder: Road, posts: Posts, mark: str) -> None:
    await ladder.publish("delivery.ready", "fan", data=DATA)
    await ladder.work()
    async with ladder.database.begin() as tx:
        await tx.connection.execute(notification.update().values(**{mark: tx.now}))

    await ladder.work(2 * STEP)

    assert posts.told() == ["push"]
    (mail,) = await ladder.rows("email")
    assert (mail.state, mail.reason) == ("cancelled", mark.removesuffix("_at"))


async def test_whoever_read_it_in_the_inbox_before_anything_went_out_is_not_told_at_all(
    ladder: Road, posts: Posts
) -> None:
    published = await ladder.publish("order.placed", "fan", data=DATA)
    await ladder.plan()
    await ladder.hub.services.inbox.read("fan", published.notifications[0])

    await ladder.work(3 * STEP)

    assert posts.told() == []
    assert set(await ladder.states("email")) == {"cancelled"}


@pytest.mark.parametrize("outcome", [Rejected("no such user"), Gone("mailbox is closed")])
async def test_a_refusal_sends_the_next_rung_at_once(ladder: Road, posts: Posts, outcome: Outcome) -> None:
    posts.email.answer = lambda message: outcome
    await ladder.publish("order.placed", "fan", data=DATA)

    await ladder.work()

    assert posts.told() == ["push"]
    (push,) = await ladder.rows("push")
    assert ("planned", "the rung before it failed") in await ladder.steps(push.id)


async def test_every_rung_that_is_refused_leads_to_the_next_within_one_round(ladder: Road, posts: Posts) -> None:
    posts.email.answer = posts.push.answer = lambda message: Rejected("no")
    await ladder.publish("order.placed", "fan", data=DATA)

    await ladder.work()

    assert posts.told() == ["sms"]


@pytest.mark.parametrize("outcome", [RetryLater("busy"), Misconfigured("wrong key")])
async def test_a_provider_that_is_down_delays_the_next_rung_no_longer_than_its_time(
    ladder: Road, posts: Posts, outcome: Outcome
) -> None:
    posts.email.answer = lambda message: outcome
    await ladder.publish("order.placed", "fan", data=DATA)

    await ladder.work()
    assert posts.told() == []
    await ladder.work(STEP)

    assert posts.told() == ["push"]


async def test_a_provider_that_stays_down_leaves_dead_letters_and_the_next_rung_at_once(
    ladder: Road, posts: Posts
) -> None:
    posts.email.answer = lambda message: RetryLater("busy", after_seconds=10)
    await ladder.publish("order.placed", "fan", data=DATA)

    for _ in range(8):
        await ladder.work(12.1)

    assert await ladder.deliveries() == [("dead", "busy", 8)]
    assert posts.told() == ["push"]


async def test_a_suppressed_address_sends_the_next_rung_at_once(ladder: Road, posts: Posts) -> None:
    await ladder.suppress("email", "fan@example.com")
    published = await ladder.publish("refund.made", "fan", data=DATA)

    await ladder.work()

    assert posts.told() == ["push"]
    first, *_ = await ladder.decisions(published.notifications[0])
    assert (first["verdict"], first["level"], first["reason"]) == ("skip", "suppression", "bounced")


async def test_an_address_that_is_suppressed_after_planning_sends_the_next_rung_at_once(
    ladder: Road, posts: Posts
) -> None:
    await ladder.publish("refund.made", "fan", data=DATA)
    await ladder.plan()
    await ladder.suppress("email", "fan@example.com")

    await ladder.work()

    assert posts.told() == ["push"]
    assert await ladder.deliveries() == [("suppressed", "suppression: bounced", 0)]


async def test_a_device_that_is_gone_is_retired_and_the_next_rung_goes_at_once(ladder: Road, posts: Posts) -> None:
    posts.push.answer = lambda message: Gone("410")
    await ladder.publish("delivery.ready", "fan", data=DATA)

    await ladder.work()

    assert posts.told() == ["email"]
    await ladder.publish("ppv.received", "fan", data=DATA)
    await ladder.work()
    assert posts.push.calls == 1, "nothing is sent to it again"


async def test_one_of_two_devices_that_is_gone_is_no_reason_to_climb(ladder: Road, posts: Posts) -> None:
    await ladder.device("fan", "tablet")
    posts.push.answer = lambda message: Gone("410") if message.to.endswith("tablet") else posts.push._accept(message)
    await ladder.publish("delivery.ready", "fan", data=DATA)

    await ladder.work()
    assert posts.told() == ["push"]
    await ladder.work(STEP)
    assert posts.told() == ["push", "email"]


async def test_a_rung_without_fallback_waits_for_its_time(ladder: Road, posts: Posts) -> None:
    """Unread messages: a push that cannot be is no reason to mail before the digest's time."""
    posts.push.answer = lambda message: Rejected("no")
    await ladder.write()

    await ladder.work(11)

    assert posts.push.calls == 1
    assert posts.told() == []


async def test_quiet_hours_put_off_the_rung_and_the_later_ones_with_it(ladder: Road, posts: Posts) -> None:
    ladder.until(datetime(2030, 1, 15, 23, 30, tzinfo=UTC))
    await ladder.person("fan", phone="+50934000001", quiet_start="22:00", quiet_end="00:30")
    posts.push.answer = lambda message: Rejected("no")
    await ladder.publish("delivery.ready", "fan", data=DATA)

    await ladder.work()
    (push,), (mail,) = await ladder.rows("push"), await ladder.rows("email")
    assert (push.state, push.reason) == ("held", "quiet hours")
    assert mail.due_at - push.due_at == pytest.approx(STEP * 1000, abs=1)
    assert posts.push.calls == 0
    await ladder.work(3601)

    assert posts.push.calls == 1
    assert posts.told() == ["email"], "refused at last, so the e-mail goes at once"


async def test_whatsapp_in_place_of_sms_is_a_rung_like_any_other(ladder: Road, posts: Posts) -> None:
    await ladder.choose("fan", "category:payments", "whatsapp", allowed=True)
    posts.email.answer = posts.push.answer = lambda message: Rejected("no")
    await ladder.publish("payout.sent", "fan", data=DATA)

    await ladder.work()

    assert posts.told() == ["whatsapp"]


async def test_an_answer_that_got_lost_does_not_climb_by_itself_but_its_time_comes(ladder: Road, posts: Posts) -> None:
    posts.email.answer = lambda message: Unknown("time-out")
    await ladder.publish("order.placed", "fan", data=DATA)

    await ladder.work()
    assert await ladder.states() == ["unknown"]
    assert posts.push.taken == []
    await ladder.work(STEP)

    assert posts.told() == ["email", "push"]
    await ladder.work(LEASE)
    assert posts.email.calls == 1, "an order's confirmation is not sent twice"
