"""What people choose is kept to: the link in an e-mail, the page of preferences, a muted conversation."""

import asyncio
import re
from typing import Any

from tests.running import PATIENCE, RunningHub

UNSUBSCRIBE = re.compile(r"/unsubscribe\.html\?token=([A-Za-z0-9_-]+)")


async def placed(hub: RunningHub, number: int) -> str:
    """The id of the fan's notification about a new order."""
    event = {"type": "order.placed", "recipients": ["fan"], "data": {"order_id": f"o-{number}", "fan_id": "fan"}}
    accepted = await hub.ok("POST", "/api/v1/events", event)
    return str(accepted["notifications"][0])


async def captured(hub: RunningHub, channel: str, count: int) -> list[Any]:
    """What the sandbox took for the fan, once it is so many."""
    async with asyncio.timeout(PATIENCE):
        while True:
            query = f"/api/v1/dev/deliveries?user_id=fan&channel={channel}"
            found: list[Any] = (await hub.ok("GET", query, token=""))["deliveries"]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)


async def decisions(hub: RunningHub, notification_id: str) -> dict[str, tuple[str, str, str]]:
    """Channel -> (verdict, level, reason), once the notification was planned."""
    async with asyncio.timeout(PATIENCE):
        while True:
            status, answer = await hub.http("GET", f"/api/v1/notifications/{notification_id}/trace")
            if status == 200:
                shown = answer["data"]["decisions"]
                return {each["channel"]: (each["verdict"], each["level"], each["reason"]) for each in shown}
            await asyncio.sleep(0.05)


async def test_who_unsubscribes_by_the_link_of_an_email_gets_none_of_these_any_more(hub: RunningHub) -> None:
    await hub.user("fan", email="fan@example.com")
    first = await placed(hub, 1)
    (mail,) = await captured(hub, "email", 1)
    assert mail["notification_id"] == first
    found = UNSUBSCRIBE.search(mail["text"])
    assert found is not None

    await hub.ok("POST", f"/api/v1/unsubscribe?token={found[1]}", token="")

    told = await decisions(hub, await placed(hub, 2))
    assert told["email"] == ("skip", "category", "turned_off")
    assert told["in_app"][0] == "send"
    await hub.ok("DELETE", f"/api/v1/unsubscribe?token={found[1]}", token="")
    third = await placed(hub, 3)
    assert (await captured(hub, "email", 2))[0]["notification_id"] == third


async def test_what_is_critical_has_no_link_and_passes_every_choice(hub: RunningHub) -> None:
    await hub.user("fan", email="fan@example.com")
    everything = {"scope": "all", "channel": "*", "allowed": False}
    await hub.ok("PUT", "/api/v1/me/preferences", {"settings": [everything]}, token=hub.token("fan", "fan"))
    event = {"type": "payout.sent", "recipients": ["fan"], "data": {"amount": 1_000, "currency": "USD"}}

    accepted = await hub.ok("POST", "/api/v1/events", event)

    (mail,) = await captured(hub, "email", 1)
    assert mail["notification_id"] == accepted["notifications"][0]
    assert UNSUBSCRIBE.search(mail["text"] + mail["html"]) is None
    assert await decisions(hub, await placed(hub, 1)) != {}
    fan = await hub.connected("fan")
    assert [each["type"] for each in (await fan.ask("notification.list"))["notifications"]] == ["payout.sent"]


async def test_the_trace_of_a_delivery_shows_the_attempt_with_the_address_masked(hub: RunningHub) -> None:
    await hub.user("fan", email="fan@example.com")
    notification_id = await placed(hub, 1)
    await captured(hub, "email", 1)

    async with asyncio.timeout(PATIENCE):
        while True:
            path = f"/api/v1/notifications/{notification_id}/trace"
            trace = await hub.ok("GET", path, token=hub.token("fan", "fan"))
            mail = next(each for each in trace["deliveries"] if each["channel"] == "email")
            if mail["state"] == "accepted":
                break
            await asyncio.sleep(0.05)

    assert (mail["to"], mail["provider"]) == ("f***@example.com", "sandbox")
    assert "accepted" in [each["state"] for each in mail["steps"]]
    assert "fan@example.com" not in repr(trace)


async def test_a_muted_conversation_tells_nothing_until_it_is_not_muted_any_more(hub: RunningHub) -> None:
    muted, other = await hub.order_chat(), await hub.order_chat()
    token = hub.token("fan", "fan")
    mute = {"scope": f"conversation:{muted}", "channel": "*", "allowed": False}
    saved = await hub.ok("PUT", "/api/v1/me/preferences", {"settings": [mute]}, token=token)
    fan, creator = await hub.connected("fan"), await hub.connected("creator", "creator")

    await creator.send(muted, "psst")
    await creator.send(other, "hello")

    event = await fan.received("notification.new")
    assert saved["muted_conversations"] == [muted]
    assert (event["notification"]["conversation_id"], event["unseen"]) == (other, 1)
    await hub.ok("PUT", "/api/v1/me/preferences", {"settings": [{**mute, "allowed": None}]}, token=token)
    await creator.send(muted, "again")
    await fan.received("notification.new", lambda told: told["notification"]["conversation_id"] == muted)
