"""The trace: every decision, delivery, attempt and report of a notification, with addresses masked."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from hub.errors import NotificationNotFound
from hub.ids import new_id
from hub.notifications.devices import Subscription
from hub.notifications.masking import masked
from tests.clock import moment
from tests.notifications.desk import Desk, as_json, open_desk
from tests.notifications.test_devices import KEY, text


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(database_url) as made:
        yield made


async def test_a_trace_tells_each_rung_each_attempt_and_each_report(desk: Desk) -> None:
    await desk.person("fan", phone="+50934123456")
    device = await desk.devices.register(
        "fan",
        Subscription(endpoint="https://push.example.com/a", p256dh=text(KEY), auth=text(b"0123456789abcdef")),
    )
    begin = desk.clock.now()
    decisions = [
        {"rung": 0, "channel": "email", "verdict": "send", "level": "default", "reason": "by_default", "due_at": begin},
        {"rung": 1, "channel": "push", "verdict": "hold", "level": "quiet_hours", "reason": "quiet", "until": begin},
        {"rung": 2, "channel": "sms", "verdict": "skip", "level": "category", "reason": "turned_off", "more": 1},
    ]
    told = await desk.told(decisions=msgspec.json.encode(decisions).decode(), read_at=begin)
    email = await desk.delivery(told, provider="sendgrid", provider_id="sg-1", attempts=1, locale="en", variant="a")
    push = await desk.delivery(told, rung=1, channel="push", endpoint_id=device.id, state="held", due_at=begin + 5_000)
    await desk.delivery(told, rung=2, channel="sms", state="cancelled", reason="read")
    await desk.step(email, told, "sending")
    desk.clock.forward(0.25)
    await desk.step(email, told, "accepted", provider="sendgrid", began_at=begin)
    await desk.step(push, told, "held", reason="quiet_hours")
    await desk.report("delivered", delivery_id=email)
    await desk.report("seen", provider_id="sg-1", reason="opened")
    await desk.report("bounced", provider_id="sg-1", delivery_id=new_id())
    await desk.report("delivered", provider_id="another")

    found = as_json(await desk.traces.of(told, of_user="fan"))

    assert found["notification"]["id"] == told
    assert found["notification"]["category"] == "orders"
    assert "seen_at" not in found["notification"]
    assert [(each["channel"], each["verdict"], each["reason"]) for each in found["decisions"]] == [
        ("email", "send", "by_default"),
        ("push", "hold", "quiet"),
        ("sms", "skip", "turned_off"),
    ]
    assert moment(found["decisions"][1]["until"]) == moment(found["decisions"][0]["due_at"])
    mail, pushed, sms = found["deliveries"]
    assert (mail["to"], pushed["to"], sms["to"]) == ("f***@example.com", "push.example.com/…", "+509•••3456")
    assert [(each["state"], each.get("took_ms")) for each in mail["steps"]] == [("sending", None), ("accepted", 250)]
    assert sorted((each["kind"], each["reason"]) for each in mail["reports"]) == [
        ("delivered", None),
        ("seen", "opened"),
    ]
    assert (pushed["state"], pushed["reports"], sms["reason"]) == ("held", [], "read")
    assert pushed["due_at"] is not None
    assert (mail["variant"], mail["locale"], mail["template_version"]) == ("a", "en", None)


async def test_a_notification_without_any_delivery_has_a_trace(desk: Desk) -> None:
    told = await desk.told(inbox=False)

    found = await desk.traces.of(told, of_user=None)

    assert (found.decisions, found.deliveries) == ([], [])


async def test_a_trace_is_for_the_person_and_the_platform_alone(desk: Desk) -> None:
    told = await desk.told("creator")

    assert (await desk.traces.of(told, of_user=None)).notification.user_id == "creator"
    for notification_id, of_user in ((told, "fan"), (new_id(), None), (new_id(), "fan")):
        with pytest.raises(NotificationNotFound):
            await desk.traces.of(notification_id, of_user=of_user)


@pytest.mark.parametrize(
    ("channel", "address", "shown"),
    [
        ("email", "jean@example.com", "j***@example.com"),
        ("email", '"a@b"@example.com', '"***@example.com'),
        ("email", "é@example.com", "é***@example.com"),
        ("sms", "+50934123456", "+509•••3456"),
        ("whatsapp", "+14155552671", "+141•••2671"),
        ("sms", "+1234567", "•••"),
        ("push", "https://push.example.com/secret/token", "push.example.com/…"),
        ("push", "https://user:pass@push.example.com:8443/x", "push.example.com/…"),
        ("in_app", "x", ""),
        ("email", None, ""),
        ("sms", "", ""),
    ],
)
def test_addresses_are_masked(channel: str, address: str | None, shown: str) -> None:
    assert masked(channel, address) == shown  # type: ignore[arg-type]
