"""Requests about notifications that are wrong: the right code, the envelope, and nothing changed."""

import json
from base64 import urlsafe_b64encode
from typing import Any

from tests.flows.notified import told
from tests.rawsocket import RawSocket
from tests.running import RunningHub

INVALID, NOT_FOUND = "request.invalid", "notification.not_found"
NOTHING = "01900000-0000-7000-8000-000000000000"
HERE = "/me/notifications"
PUSH = "/me/push-subscriptions"
KEYS = {"p256dh": "B" * 87, "auth": "A" * 22}
LATER = "2999-01-01T00:00:00Z"


def forged(*position: Any) -> str:
    return urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def setting(scope: str, channel: str = "email", *, allowed: Any = True) -> dict[str, Any]:
    return {"settings": [{"scope": scope, "channel": channel, "allowed": allowed}]}


HTTP: dict[str, tuple[int, str, str, Any]] = {
    "unknown filter": (400, "GET", f"{HERE}?filter=new", None),
    "limit of 101": (400, "GET", f"{HERE}?limit=101", None),
    "cursor of garbage": (400, "GET", f"{HERE}?cursor=%25", None),
    "cursor without an id": (400, "GET", f"{HERE}?cursor={forged(1, 'x')}", None),
    "cursor of 64 bits": (400, "GET", f"{HERE}?cursor={forged(2**63, NOTHING)}", None),
    "unknown query": (400, "GET", f"{HERE}?colour=red", None),
    "seen up to garbage": (400, "POST", f"{HERE}/seen", {"up_to": "x"}),
    "seen up to NUL": (400, "POST", f"{HERE}/seen", {"up_to": "\0" + NOTHING[1:]}),
    "reading nothing": (404, "POST", f"{HERE}/{NOTHING}/read", {}),
    "reading in capitals": (404, "POST", f"{HERE}/{NOTHING[:-1]}A/read", {}),
    "reading NUL": (404, "POST", f"{HERE}/%00/read", {}),
    "reading a newline": (404, "POST", f"{HERE}/{NOTHING}%0A/read", {}),
    "an act that is none": (404, "POST", f"{HERE}/{NOTHING}/burn", {}),
    "a body where none is": (400, "POST", f"{HERE}/{NOTHING}/read", {"x": 1}),
    "snoozing without a time": (400, "POST", f"{HERE}/{NOTHING}/snooze", {}),
    "snoozing until garbage": (400, "POST", f"{HERE}/{NOTHING}/snooze", {"until": "tomorrow"}),
    "snoozing without a zone": (400, "POST", f"{HERE}/{NOTHING}/snooze", {"until": "2999-01-01T00:00:00"}),
    "snoozing into the past": (400, "POST", f"{HERE}/{NOTHING}/snooze", {"until": "2001-01-01T00:00:00Z"}),
    "snoozing for ever": (400, "POST", f"{HERE}/{NOTHING}/snooze", {"until": LATER}),
    "trace of nothing": (404, "GET", f"/notifications/{NOTHING}/trace", None),
    "trace of garbage": (404, "GET", "/notifications/x/trace", None),
    "unknown preference": (400, "PUT", "/me/preferences", {"colour": "red"}),
    "unknown locale": (400, "PUT", "/me/preferences", {"locale": "de"}),
    "locale null": (400, "PUT", "/me/preferences", {"locale": None}),
    "unknown time zone": (400, "PUT", "/me/preferences", {"time_zone": "Mars/Olympus"}),
    "time zone is a path": (400, "PUT", "/me/preferences", {"time_zone": "../../etc/passwd"}),
    "quiet hours without an end": (400, "PUT", "/me/preferences", {"quiet_hours": {"start": "22:00"}}),
    "quiet hours at 24:00": (400, "PUT", "/me/preferences", {"quiet_hours": {"start": "24:00", "end": "07:00"}}),
    "unknown category": (400, "PUT", "/me/preferences", setting("category:spam")),
    "unknown scope": (400, "PUT", "/me/preferences", setting("everything")),
    "scope with NUL": (400, "PUT", "/me/preferences", setting("event:a\0b")),
    "scope with a newline": (400, "PUT", "/me/preferences", setting("all\n")),
    "scope of SQL": (400, "PUT", "/me/preferences", setting("event:' OR 1=1 --")),
    "conversation in capitals": (400, "PUT", "/me/preferences", setting(f"conversation:{NOTHING[:-1]}A")),
    "unknown channel": (400, "PUT", "/me/preferences", setting("all", "pigeon")),
    "allowed is a word": (400, "PUT", "/me/preferences", setting("all", allowed="yes")),
    "turning off what is required": (400, "PUT", "/me/preferences", setting("category:security", allowed=False)),
    "201 settings": (400, "PUT", "/me/preferences", {"settings": setting("all")["settings"] * 201}),
    "a setting twice": (400, "PUT", "/me/preferences", {"settings": setting("all")["settings"] * 2}),
    "endpoint without HTTPS": (400, "POST", PUSH, {"endpoint": "http://push.example.com/x", "keys": KEYS}),
    "endpoint at home": (400, "POST", PUSH, {"endpoint": "https://localhost/x", "keys": KEYS}),
    "endpoint inside": (400, "POST", PUSH, {"endpoint": "https://169.254.169.254/latest", "keys": KEYS}),
    "endpoint too long": (400, "POST", PUSH, {"endpoint": "https://push.example.com/" + "x" * 2_000, "keys": KEYS}),
    "keys that are none": (400, "POST", PUSH, {"endpoint": "https://push.example.com/x", "keys": KEYS}),
    "keys missing": (400, "POST", PUSH, {"endpoint": "https://push.example.com/x"}),
    "label with NUL": (400, "POST", PUSH, {"endpoint": "https://push.example.com/x", "keys": KEYS, "label": "a\0"}),
    "expirationTime": (400, "POST", PUSH, {"endpoint": "https://push.example.com/x", "keys": KEYS, "expires": 1}),
    "removing an unknown device": (200, "DELETE", f"{PUSH}/{NOTHING}", None),
    "removing garbage": (200, "DELETE", f"{PUSH}/%00", None),
    "removing an unknown endpoint": (200, "DELETE", PUSH, {"endpoint": "https://push.example.com/x"}),
    "unsubscribing without a token": (400, "POST", "/unsubscribe", None),
    "unsubscribing with an empty token": (400, "POST", "/unsubscribe?token=", None),
    "unsubscribing with garbage": (404, "POST", "/unsubscribe?token=x", None),
    "unsubscribing with NUL": (404, "POST", "/unsubscribe?token=%00", None),
    "unsubscribing with two tokens": (400, "POST", "/unsubscribe?token=a&token=b", None),
    "looking with garbage": (404, "GET", "/unsubscribe?token=%C3%A9", None),
    "undoing with garbage": (404, "DELETE", "/unsubscribe?token=x", None),
}

EVENTS: dict[str, tuple[str, str, Any]] = {
    "unknown filter": (INVALID, "notification.list", {"filter": "new"}),
    "limit of 0": (INVALID, "notification.list", {"limit": 0}),
    "cursor of garbage": (INVALID, "notification.list", {"cursor": "%%"}),
    "cursor with NUL": (INVALID, "notification.list", {"cursor": forged(1, "\0")}),
    "unknown field": (INVALID, "notification.list", {"page": 1}),
    "seen up to garbage": (INVALID, "notification.seen", {"up_to": "x"}),
    "seen up to a number": (INVALID, "notification.seen", {"up_to": 1}),
    "reading without an id": (INVALID, "notification.read", {}),
    "reading null": (INVALID, "notification.read", {"notification_id": None}),
    "reading a newline": (INVALID, "notification.read", {"notification_id": NOTHING + "\n"}),
    "reading nothing": (NOT_FOUND, "notification.read", {"notification_id": NOTHING}),
    "archiving nothing": (NOT_FOUND, "notification.archive", {"notification_id": NOTHING}),
    "snoozing nothing": (INVALID, "notification.snooze", {"notification_id": NOTHING, "until": LATER}),
    "snoozing until garbage": (INVALID, "notification.snooze", {"notification_id": NOTHING, "until": "x"}),
    "snoozing until null": (INVALID, "notification.snooze", {"notification_id": NOTHING, "until": None}),
}


async def test_each_bad_request_gets_its_status_and_an_envelope(hub: RunningHub) -> None:
    await hub.user("fan")
    mine = await told(hub)
    token = hub.token("fan", "fan")
    before = await hub.ok("GET", "/api/v1/me/preferences", token=token)
    wrong = {}
    for name, (status, method, path, body) in HTTP.items():
        got, answer = await hub.http(method, f"/api/v1{path}", body, token=token)
        if got != status:
            wrong[name] = got
        elif status >= 400:
            assert set(answer) == {"success", "error", "request_id"}, name
            assert all(answer["error"]["localized_message"].values()), name
    assert wrong == {}
    assert await hub.ok("GET", "/api/v1/me/preferences", token=token) == before
    assert (await hub.ok("GET", f"/api/v1{PUSH}", token=token))["subscriptions"] == []
    listed = await hub.ok("GET", f"/api/v1{HERE}", token=token)
    assert ([each["id"] for each in listed["notifications"]], listed["unseen"]) == ([mine], 1)


async def test_each_bad_event_gets_its_code_and_the_session_goes_on(hub: RunningHub) -> None:
    theirs = await told(hub, "creator")
    wrong = {}
    async with RawSocket(hub.base, hub.token("fan", "fan")) as socket:
        for name, (code, event, payload) in EVENTS.items():
            answer = await socket.ask(event, payload)
            got = "success" if answer["success"] else answer["error"]["code"]
            if got != code:
                wrong[name] = got
        for event in ("notification.read", "notification.archive"):
            answer = await socket.ask(event, {"notification_id": theirs})
            assert answer["error"]["code"] == NOT_FOUND, event
        assert (await socket.ask("notification.seen", {"up_to": theirs}))["data"] == {"unseen": 0}
    assert wrong == {}
    listed = await hub.ok("GET", f"/api/v1{HERE}", token=hub.token("creator", "creator"))
    assert listed["unseen"] == 1
    assert "read_at" not in listed["notifications"][0]


async def test_nothing_of_a_person_is_shown_without_their_token(edge: RunningHub) -> None:
    for method, path in (
        ("GET", HERE),
        ("POST", f"{HERE}/seen"),
        ("POST", f"{HERE}/{NOTHING}/read"),
        ("GET", "/me/preferences"),
        ("PUT", "/me/preferences"),
        ("GET", PUSH),
        ("POST", PUSH),
        ("GET", f"/notifications/{NOTHING}/trace"),
    ):
        status, answer = await edge.http(method, f"/api/v1{path}", {}, token="")
        assert (status, answer["error"]["code"]) == (401, "auth.invalid"), path
