"""What people and senders do between the plan and the provider's call: it is looked at again, up to the last moment."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from shutil import copytree

import pytest

from hub.notifications.attention import Nobody
from hub.notifications.contents import Contents
from hub.notifications.deliver import Deliverer
from hub.notifications.leasing import Leaser
from hub.notifications.templates import Templates
from hub.notifications.templates.catalogue import TEXTS
from tests.clock import MovableClock
from tests.conftest import make_settings
from tests.doubles.gate import Gate
from tests.notifications.post import Posts
from tests.notifications.road import Road, open_road

DATA = {"order_id": "A17", "title": "Video"}
PUSH, DIGEST = 10.0, 1800.0


@pytest.fixture
def posts() -> Posts:
    return Posts(MovableClock(stands=True))


@pytest.fixture
async def desk(database_url: str, posts: Posts) -> AsyncIterator[Road]:
    settings = make_settings(database_url, unread_push_seconds=PUSH, unread_email_seconds=DIGEST)
    async with open_road(settings, posts.email._clock, posts.senders()) as road:
        await road.begin()
        await road.device("fan")
        yield road


async def test_reading_just_before_the_provider_is_called_stops_the_push(desk: Road, posts: Posts) -> None:
    seq = await desk.write()
    await desk.work()
    desk.clock.forward(PUSH)
    gate = posts.push.before = Gate()
    working = asyncio.create_task(desk.deliverer.run_once())
    await gate.reached()

    await desk.read(seq)
    gate.open()
    await working

    assert posts.push.calls == 0
    (push,) = await desk.rows("push")
    assert (push.state, push.reason) == ("cancelled", "read")


async def test_reading_while_the_provider_is_called_lets_one_push_slip_through_and_no_more(
    desk: Road, posts: Posts
) -> None:
    seq = await desk.write()
    await desk.work()
    desk.clock.forward(PUSH)
    gate = posts.push.during = Gate()
    working = asyncio.create_task(desk.deliverer.run_once())
    await gate.reached()

    await desk.read(seq)
    gate.open()
    await working
    await desk.work(DIGEST)

    assert posts.push.calls == 1
    assert posts.email.calls == 0
    assert await desk.states("push") == ["accepted"], "the trace tells the truth"


async def test_reading_in_another_order_than_writing_stops_what_is_read_alone(desk: Road, posts: Posts) -> None:
    other = await desk.another_conversation()
    seq = await desk.write()
    await desk.write(to=other)
    await desk.work()
    await desk.read(seq)

    await desk.work(PUSH)

    assert len(posts.push.taken) == 1


@pytest.mark.parametrize(
    ("scope", "channel", "reason"),
    [
        ("category:orders", "push", "category: turned_off"),
        ("event:delivery.ready", "*", "event: turned_off"),
        ("all", "push", "channel: turned_off"),
    ],
)
async def test_who_turns_it_off_after_it_was_planned_is_not_told(
    desk: Road, posts: Posts, scope: str, channel: str, reason: str
) -> None:
    await desk.publish("delivery.ready", "fan", data=DATA)
    await desk.plan()
    await desk.choose("fan", scope, channel, allowed=False)

    await desk.work()

    assert posts.push.calls == 0
    assert await desk.deliveries("push") == [("suppressed", reason, 0)]


async def test_who_mutes_the_conversation_after_it_was_planned_is_not_told(desk: Road, posts: Posts) -> None:
    await desk.write()
    await desk.work()
    await desk.choose("fan", f"conversation:{desk.conversation_id}", "*", allowed=False)

    await desk.work(PUSH)
    await desk.work(DIGEST)

    assert posts.told() == []


async def test_who_changes_their_address_is_told_at_the_new_one(desk: Road, posts: Posts) -> None:
    await desk.publish("payment.settled", "fan", data=DATA)
    await desk.plan()
    await desk.person("fan", email="new@example.com", locale="fr")

    await desk.work()

    (mail,) = posts.email.to("fan")
    assert mail.to == "new@example.com"


async def test_a_device_that_was_removed_meanwhile_is_not_written_to(desk: Road, posts: Posts) -> None:
    await desk.publish("delivery.ready", "fan", data=DATA)
    await desk.plan()
    (device,) = await desk.hub.services.devices.of("fan")
    await desk.hub.services.devices.remove("fan", device_id=device.id)

    await desk.work()

    assert await desk.deliveries("push") == [("suppressed", "no_device", 0)]
    assert posts.told() == ["email"], "the next rung does not wait"


async def test_an_erased_person_is_told_nothing_more(desk: Road, posts: Posts) -> None:
    await desk.publish("order.placed", "fan", data=DATA, not_before=desk.clock.now() + 60_000)
    await desk.write()
    await desk.plan()
    await desk.hub.services.users.erase("fan")

    await desk.work(DIGEST)

    assert posts.told() == []
    waiting = {"planned", "held", "ready", "sending", "retry_wait"}
    assert not waiting & {row.state for row in await desk.rows()}, "nothing waits for ever"


async def test_a_template_that_fails_to_render_fails_alone_and_says_why(
    desk: Road, posts: Posts, tmp_path: Path
) -> None:
    """Texts whose SMS comes out empty, as an installation may have them."""
    copytree(TEXTS, tmp_path / "texts")
    file = tmp_path / "texts" / "order.placed.toml"
    file.write_text(re.sub(r'(?m)^sms = "(.*)"$', r'sms = "{% if false %}\1{% endif %}"', file.read_text()))
    templates = Templates("https://hub.example", texts=tmp_path / "texts")
    contents = Contents(templates, "https://hub.example", lambda user_id, channel, category: None)
    leaser = Leaser(desk.hub.settings, Nobody())
    deliverer = Deliverer(desk.database, leaser, contents, templates, posts.senders())
    await desk.person("ann", email=None, phone="+50934000001")
    await desk.publish("order.placed", "ann", "fan", data=DATA)
    await desk.plan()

    while await deliverer.run_once():
        pass

    assert await desk.deliveries("sms") == [("failed", "template: the text is empty", 1)]
    assert posts.told("fan") == ["email"]
