"""Preferences, devices, unsubscribing and traces over HTTP, as pages and mail programs use them."""

import aiohttp

from tests.flows.notified import told
from tests.people import push_keys
from tests.running import RunningHub

PUSH = "/api/v1/me/push-subscriptions"
MINE = "/api/v1/me/preferences"


async def test_preferences_are_saved_and_kept(hub: RunningHub) -> None:
    token = hub.token("fan", "fan", locale="fr")
    changes = {
        "time_zone": "America/Port-au-Prince",
        "quiet_hours": {"start": "22:00", "end": "07:00"},
        "settings": [
            {"scope": "category:orders", "channel": "email", "allowed": False},
            {"scope": "category:news", "channel": "email", "allowed": True},
        ],
    }

    saved = await hub.ok("PUT", MINE, changes, token=token)

    assert await hub.ok("GET", MINE, token=token) == saved
    assert (saved["locale"], saved["time_zone"]) == ("fr", "America/Port-au-Prince")
    shown = {each["category"]: each for each in saved["categories"]}
    assert not shown["orders"]["channels"]["email"]
    assert shown["news"]["channels"]["email"]
    assert shown["security"]["required"]
    assert (await hub.ok("GET", "/api/v1/me", token=token))["user"]["quiet_hours"] == changes["quiet_hours"]
    assert (await hub.ok("PUT", MINE, {"quiet_hours": None}, token=token))["quiet_hours"] is None


async def test_a_browser_is_registered_listed_and_removed(hub: RunningHub) -> None:
    await hub.user("fan")
    token = hub.token("fan", "fan")
    endpoint = "https://push.example.com/send/1"
    body = {"endpoint": endpoint, "keys": push_keys(), "label": "Firefox"}

    status, answer = await hub.http("POST", PUSH, body, token=token)

    device = answer["data"]["subscription"]
    assert (status, device["label"]) == (201, "Firefox")
    assert await hub.ok("GET", PUSH, token=token) == {"subscriptions": [device]}
    assert endpoint not in repr(device)
    assert (await hub.ok("GET", MINE, token=token))["channels_available"]["push"]
    assert await hub.ok("DELETE", f"{PUSH}/{device['id']}", token=hub.token("creator", "creator")) == {"deleted": False}
    assert await hub.ok("DELETE", f"{PUSH}/{device['id']}", token=token) == {"deleted": True}
    await hub.ok("POST", PUSH, body, token=token)
    assert await hub.ok("DELETE", PUSH, {"endpoint": endpoint}, token=token) == {"deleted": True}
    assert await hub.ok("GET", PUSH, token=token) == {"subscriptions": []}


async def test_without_a_vapid_key_there_is_none_to_subscribe_with(edge: RunningHub) -> None:
    assert await edge.ok("GET", "/api/v1/push/key", token="") == {"public_key": None}


async def test_a_mail_program_unsubscribes_in_one_click_and_the_page_undoes_it(hub: RunningHub) -> None:
    await hub.user("fan", email="fan@example.com")
    token = hub.hub.services.unsubscriber.make("fan", "email", "messages")
    path = f"/api/v1/unsubscribe?token={token}"

    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{hub.base}{path}", data={"List-Unsubscribe": "One-Click"}) as response,
    ):
        assert response.status == 200
        answer = await response.json()
    assert answer["data"] == {"unsubscribed": {"channel": "email", "category": "messages"}}
    seen = await hub.ok("GET", path, token="")
    assert seen == {"user": "f***@example.com", "channel": "email", "category": "messages", "subscribed": False}
    assert (await hub.ok("DELETE", path, token=""))["subscribed"]
    assert (await hub.ok("POST", path, token=""))["unsubscribed"]["category"] == "messages"


async def test_a_trace_is_shown_to_the_person_and_to_the_platform(hub: RunningHub) -> None:
    path = f"/api/v1/notifications/{await told(hub)}/trace"

    shown = await hub.ok("GET", path, token=hub.token("fan", "fan"))

    assert shown["notification"]["user_id"] == "fan"
    assert await hub.ok("GET", path) == shown
    assert await hub.ok("GET", path, token=hub.token("root", "admin")) == shown
    for role in ("creator", "support", "moderator"):
        status, answer = await hub.http("GET", path, token=hub.token("creator", role))
        assert (status, answer["error"]["code"]) == (404, "notification.not_found"), role
