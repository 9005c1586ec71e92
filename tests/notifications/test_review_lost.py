"""What was read, seen, turned off or reported stops the alerts that it should, and no others."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, update

from hub.channels.base import Unknown
from hub.notifications.recording import UNSURE_MS
from hub.notifications.reports import Reports
from persistence import delivering
from persistence.suppressions import address_hash, suppression
from persistence.users import user
from tests.clock import MovableClock
from tests.conftest import make_settings
from tests.notifications.post import Posts, report
from tests.notifications.road import Road, open_road

PUSH, DIGEST = 10.0, 1800.0
UNSURE = UNSURE_MS / 1000 + 1


@pytest.fixture
def posts() -> Posts:
    return Posts(MovableClock(stands=True), email="sendgrid", whatsapp="whatsapp", sms="twilio")


@pytest.fixture
async def desk(database_url: str, posts: Posts) -> AsyncIterator[Road]:
    settings = make_settings(database_url, unread_push_seconds=PUSH, unread_email_seconds=DIGEST)
    async with open_road(settings, posts.email._clock, posts.senders()) as road:
        await road.begin(phone="+50934000000")
        yield road


async def entry(road: Road) -> str:
    """The one entry in the fan's inbox."""
    (row,) = await road.notifications(user_id="fan", inbox=True)
    return str(row.id)


async def test_a_message_after_the_entry_was_read_in_the_inbox_is_pushed(desk: Road, posts: Posts) -> None:
    await desk.device("fan")
    await desk.write("first")
    await desk.work()
    await desk.hub.services.inbox.read("fan", await entry(desk))

    await desk.write("second")
    await desk.work(PUSH)

    assert posts.told() == ["push"]


@pytest.mark.parametrize("what", ["seen", "archived", "snoozed"])
async def test_a_message_after_the_entry_was_put_away_shows_on_the_badge(desk: Road, what: str) -> None:
    await desk.write("first")
    await desk.work()
    inbox, entry_id = desk.hub.services.inbox, await entry(desk)
    if what == "seen":
        await inbox.see("fan")
    elif what == "archived":
        await inbox.archive("fan", entry_id)
    else:
        await inbox.snooze("fan", entry_id, desk.clock.now() + 86_400_000)

    await desk.write("second")
    await desk.work()

    assert (await inbox.standings(["fan"]))["fan"].unseen == 1


async def test_two_entries_about_the_same_messages_give_one_push(desk: Road, posts: Posts) -> None:
    await desk.device("fan")
    await desk.write("first")
    await desk.work()
    await desk.hub.services.inbox.see("fan")
    await desk.write("second")
    await desk.work(PUSH)
    await desk.work(PUSH)

    assert posts.told() == ["push"]


async def test_who_gets_an_address_while_a_message_is_unread_is_told_of_the_next_one(desk: Road, posts: Posts) -> None:
    await desk.person("fan", email=None)
    await desk.write("first")
    await desk.work(PUSH)
    await desk.person("fan", email="fan@example.com")

    await desk.write("second")
    await desk.work(DIGEST)

    assert posts.told() == ["email"]


async def test_a_digest_that_is_refused_lets_go_of_what_waited_in_it(desk: Road, posts: Posts) -> None:
    await desk.write("first")
    await desk.work()
    await desk.choose("fan", "category:messages", "email", allowed=False)
    await desk.work(DIGEST)
    assert await desk.states() == ["suppressed"]
    await desk.device("fan")

    await desk.write("second")
    await desk.work(PUSH)

    assert posts.told() == ["push"]


@pytest.mark.parametrize("kind", ["accepted", "delivered"])
async def test_a_report_of_what_is_critical_and_unknown_keeps_it_from_going_out_again(
    desk: Road, posts: Posts, kind: str
) -> None:
    posts.email.answer = lambda _: Unknown("the answer got lost")
    await desk.publish("refund.made", "fan", data={"order_id": "A17"})
    await desk.work()
    (row,) = await desk.rows("email")
    await Reports(desk.database).take([report(row.id, kind, desk.clock.now())])

    await desk.work(UNSURE)

    assert (await desk.states(), posts.email.calls) == ([kind], 1)


async def test_a_report_of_failure_for_what_is_unknown_lets_the_next_rung_climb(desk: Road, posts: Posts) -> None:
    posts.email.answer = lambda _: Unknown("the answer got lost")
    await desk.device("fan")
    await desk.publish("refund.made", "fan", data={"order_id": "A17"})
    await desk.work()
    (row,) = await desk.rows("email")
    await Reports(desk.database).take([report(row.id, "bounced", desk.clock.now())])

    await desk.work(UNSURE)

    assert (await desk.states(), posts.told()) == (["bounced"], ["email", "push"])


async def test_whatsapp_that_was_turned_off_meanwhile_is_not_used(desk: Road, posts: Posts) -> None:
    await desk.choose("fan", "category:orders", "whatsapp", allowed=True)
    await desk.publish("order.placed", "fan", data={"order_id": "A17"})
    await desk.work()
    await desk.choose("fan", "category:orders", "whatsapp", allowed=False)

    await desk.work(3600)

    assert posts.whatsapp.calls == 0


async def test_what_is_about_a_message_that_was_read_before_is_not_told(desk: Road, posts: Posts) -> None:
    await desk.device("fan")
    seq = await desk.write()
    await desk.read(seq)
    await desk.publish("ppv.received", "fan", conversation_id=desk.conversation_id, seq=seq)
    await desk.work(60)

    assert posts.told() == []
    assert [row.reason for row in await desk.rows("push", type="ppv.received")] == ["read"]


async def test_reviews_that_go_on_are_told_once_an_hour(desk: Road, posts: Posts) -> None:
    for _ in range(5):
        await desk.publish("review.posted", "fan", data={"order_id": "A17"})
        await desk.work(1_500)

    await desk.work(3600)

    assert posts.told() == ["email", "email"]


async def test_two_reviews_at_once_are_told_once(desk: Road, posts: Posts) -> None:
    for _ in range(2):
        await desk.publish("review.posted", "fan", data={"order_id": "A17"})

    await desk.work(3600)

    assert posts.told() == ["email"]


async def test_a_delivery_that_cannot_be_looked_at_does_not_stop_the_others(desk: Road, posts: Posts) -> None:
    await desk.person("creator", quiet_start="22:00", quiet_end="08:00")
    async with desk.database.begin() as tx:
        broken = update(user).where(user.c.id == "creator").values(time_zone="Mars/Base")
        await tx.connection.execute(broken)
    await desk.publish("payment.settled", "creator", data={"order_id": "A17"})
    await desk.publish("payment.settled", "fan", data={"order_id": "A17"})

    await desk.work()

    assert (posts.told(), posts.told("creator")) == (["email"], [])
    (row,) = await desk.rows("email", user_id="creator")
    assert (row.state, row.reason) == ("retry_wait", "cannot be looked at: ZoneInfoNotFoundError")


@pytest.mark.parametrize(("later", "reason"), [(1_000, "stop"), (None, "complained")])
async def test_a_passing_suppression_does_not_end_one_for_ever(desk: Road, later: int | None, reason: str) -> None:
    row = {"channel": "sms", "address_hash": address_hash("+50934000000"), "scope": "all", "created_at": 1}
    async with desk.database.begin() as tx:
        await delivering.suppress(tx.connection, [{**row, "reason": "stop", "expires_at": None}])
        await delivering.suppress(tx.connection, [{**row, "reason": "complained", "expires_at": later}])
        found = (await tx.connection.execute(select(suppression))).one()

    assert (found.reason, found.expires_at) == (reason, None)
