"""HTTP requests that are wrong: the right status, the envelope, and nothing stored."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import aiohttp

from tests.running import RunningHub

NOTHING = "01900000-0000-7000-8000-000000000000"
MEMBERS = [{"user_id": "fan", "role": "fan"}, {"user_id": "creator", "role": "creator"}]
GOOD = {"kind": "direct", "members": MEMBERS}
USER = {"display_name": "Fan"}


def cursor(*position: Any) -> str:
    return urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


BAD: dict[str, tuple[int, str, str, Any]] = {
    "unknown route": (404, "GET", "/nothing", None),
    "unknown route below a known one": (404, "GET", "/users/fan/nothing", None),
    "wrong method": (405, "DELETE", "/conversations", None),
    "body is a list": (400, "POST", "/conversations", []),
    "body is text": (400, "POST", "/conversations", "x"),
    "body is missing": (400, "POST", "/conversations", None),
    "unknown field": (400, "POST", "/conversations", {**GOOD, "colour": "red"}),
    "unknown field of a member": (400, "POST", "/conversations", {**GOOD, "members": [{**MEMBERS[0], "x": 1}]}),
    "kind is unknown": (400, "POST", "/conversations", {**GOOD, "kind": "private"}),
    "no members": (400, "POST", "/conversations", {**GOOD, "members": []}),
    "51 members": (400, "POST", "/conversations", {**GOOD, "members": [{"user_id": "x", "role": "fan"}] * 51}),
    "a member twice": (400, "POST", "/conversations", {**GOOD, "members": [MEMBERS[0], MEMBERS[0]]}),
    "member id with a space": (400, "POST", "/conversations", {**GOOD, "members": [{"user_id": "a b", "role": "fan"}]}),
    "member role is unknown": (
        400,
        "POST",
        "/conversations",
        {**GOOD, "members": [{"user_id": "fan", "role": "king"}]},
    ),
    "title is empty": (400, "POST", "/conversations", {**GOOD, "title": ""}),
    "title holds NUL": (400, "POST", "/conversations", {**GOOD, "title": "a\0b"}),
    "order id holds NUL": (400, "POST", "/conversations", {**GOOD, "order_id": "a\0b"}),
    "order id of 129": (400, "POST", "/conversations", {**GOOD, "order_id": "a" * 129}),
    "time without a zone": (400, "POST", "/conversations", {**GOOD, "closes_at": "2026-01-01T00:00:00"}),
    "time of garbage": (400, "POST", "/conversations", {**GOOD, "closes_at": "tomorrow"}),
    "time before all": (400, "POST", "/conversations", {**GOOD, "opens_at": "0001-01-01T00:00:00+14:00"}),
    "time after all": (400, "POST", "/conversations", {**GOOD, "closes_at": "9999-12-31T23:59:59-14:00"}),
    "window ends before it begins": (
        400,
        "POST",
        "/conversations",
        {**GOOD, "opens_at": "2030-01-02T00:00:00Z", "closes_at": "2030-01-01T00:00:00Z"},
    ),
    "display name is missing": (400, "PUT", "/users/fan", {}),
    "display name is empty": (400, "PUT", "/users/fan", {"display_name": ""}),
    "display name holds NUL": (400, "PUT", "/users/fan", {"display_name": "a\0b"}),
    "display name of 201": (400, "PUT", "/users/fan", {"display_name": "x" * 201}),
    "e-mail is none": (400, "PUT", "/users/fan", {**USER, "email": "fan"}),
    "e-mail ends with a newline": (400, "PUT", "/users/fan", {**USER, "email": "fan@example.com\n"}),
    "e-mail holds NUL": (400, "PUT", "/users/fan", {**USER, "email": "fan\0@example.com"}),
    "phone is none": (400, "PUT", "/users/fan", {**USER, "phone": "call me"}),
    "phone without its country": (400, "PUT", "/users/fan", {**USER, "phone": "0612345678"}),
    "time zone is unknown": (400, "PUT", "/users/fan", {**USER, "time_zone": "Mars/Olympus"}),
    "time zone is a path": (400, "PUT", "/users/fan", {**USER, "time_zone": "../../etc/passwd"}),
    "locale is unknown": (400, "PUT", "/users/fan", {**USER, "locale": "de"}),
    "role is unknown": (400, "PUT", "/users/fan", {**USER, "roles": ["king"]}),
    "quiet hours at 24:00": (400, "PUT", "/users/fan", {**USER, "quiet_hours": {"start": "24:00", "end": "07:00"}}),
    "quiet hours with a newline": (
        400,
        "PUT",
        "/users/fan",
        {**USER, "quiet_hours": {"start": "22:00\n", "end": "07:00"}},
    ),
    "quiet hours without an end": (400, "PUT", "/users/fan", {**USER, "quiet_hours": {"start": "22:00"}}),
    "user id with a space": (400, "PUT", "/users/a%20b", USER),
    "user id with a slash": (400, "PUT", "/users/a%2Fb", USER),
    "user id with NUL": (400, "PUT", "/users/a%00b", USER),
    "user id ends with a newline": (400, "PUT", "/users/fan%0A", USER),
    "user id of 129": (400, "PUT", "/users/" + "x" * 129, USER),
    "user is unknown": (404, "GET", "/users/nobody", None),
    "user with NUL": (404, "GET", "/users/%00", None),
    "erasing nobody": (404, "DELETE", "/users/nobody", None),
    "exporting nobody": (404, "GET", "/users/nobody/export", None),
    "conversation of nobody": (404, "GET", f"/conversations/{NOTHING}", None),
    "conversation in capitals": (404, "GET", f"/conversations/{NOTHING[:-1]}A", None),
    "conversation with NUL": (404, "GET", "/conversations/%00", None),
    "conversation not UTF-8": (404, "GET", "/conversations/%FF%FE", None),
    "conversation with a newline": (404, "GET", f"/conversations/{NOTHING}%0A", None),
    "closing nothing": (404, "POST", f"/conversations/{NOTHING}/close", {}),
    "reason with a newline": (400, "POST", f"/conversations/{NOTHING}/close", {"reason": "closed\n"}),
    "reason with spaces": (400, "POST", f"/conversations/{NOTHING}/close", {"reason": "it is over"}),
    "client_message_id with NUL": (400, "PUT", f"/conversations/{NOTHING}/messages/%00", {"body": "x"}),
    "body of a message too large": (413, "PUT", f"/conversations/{NOTHING}/messages/m", {"body": "x" * 8193}),
    "body of a message blank": (400, "PUT", f"/conversations/{NOTHING}/messages/m", {"body": " "}),
    "body of a request too large": (413, "PUT", f"/conversations/{NOTHING}/messages/m", {"body": "x" * 100_001}),
    "limit of 0": (400, "GET", "/conversations?limit=0", None),
    "limit of text": (400, "GET", "/conversations?limit=many", None),
    "limit twice": (400, "GET", "/conversations?limit=1&limit=2", None),
    "unknown query": (400, "GET", "/conversations?colour=red", None),
    "unknown state": (400, "GET", "/conversations?state=gone", None),
    "cursor of garbage": (400, "GET", "/conversations?cursor=%25%25", None),
    "cursor with a huge time": (400, "GET", f"/conversations?cursor={cursor(2**70, NOTHING)}", None),
    "cursor without an id": (400, "GET", f"/conversations?cursor={cursor(1, 'x')}", None),
    "before_seq of 0": (400, "GET", f"/conversations/{NOTHING}/messages?before_seq=0", None),
    "sync without cursors": (400, "GET", "/sync", None),
    "sync with garbage": (400, "GET", "/sync?cursors=x", None),
    "sync with a negative rev": (400, "GET", f"/sync?cursors={NOTHING}:-1", None),
    "sync with 51 cursors": (400, "GET", "/sync?cursors=" + ",".join([f"{NOTHING}:0"] * 51), None),
    "sync of nothing": (404, "GET", f"/sync?conversation_id={NOTHING}&rev=0", None),
    "deliveries of an odd user": (400, "GET", "/dev/deliveries?user_id=a%20b", None),
    "deliveries of an odd channel": (200, "GET", "/dev/deliveries?channel=pigeon", None),
    "personas that are none": (404, "GET", "/dev/personas", None),
}


async def test_each_bad_request_gets_its_status_and_an_envelope(hub: RunningHub) -> None:
    await hub.user("fan")
    wrong = {}
    for name, (status, method, path, body) in BAD.items():
        got, answer = await hub.http(method, f"/api/v1{path}", body)
        if got != status:
            wrong[name] = got
        elif status >= 400:
            assert set(answer) == {"success", "error", "request_id"}, name
            assert not answer["success"], name
    assert wrong == {}
    assert (await hub.ok("GET", "/api/v1/users/fan"))["user"]["display_name"] == "Fan"
    listed = await hub.ok("GET", "/api/v1/conversations", token=hub.token("fan", "fan"))
    assert listed["conversations"] == []


RAW: dict[str, tuple[bytes, dict[str, str], int]] = {
    "malformed JSON": (b'{"display_name"', {}, 400),
    "no JSON": (b"display_name=Fan", {}, 400),
    "two values": (b'{"display_name":"a"}{"display_name":"b"}', {}, 400),
    "not UTF-8": (b'{"display_name":"\xff"}', {}, 400),
    "lone surrogate": (b'{"display_name":"\\ud800"}', {}, 400),
    "NaN": (b'{"display_name":NaN}', {}, 400),
    "deep nesting": (b"[" * 50_000, {}, 400),
    "deep unknown field": (b'{"x":' * 10_000, {}, 400),
    "compressed garbage": (b"garbage", {"Content-Encoding": "gzip"}, 400),
    "a byte order mark": (b'\xef\xbb\xbf{"display_name":"a"}', {}, 400),
}


async def test_bodies_that_are_no_json_are_refused(edge: RunningHub) -> None:
    wrong = {}
    authorization = {"Authorization": f"Bearer {edge.token('platform', 'service')}"}
    async with aiohttp.ClientSession(headers=authorization) as http:
        for name, (body, headers, status) in RAW.items():
            async with http.put(f"{edge.base}/api/v1/users/fan", data=body, headers=headers) as response:
                if response.status != status:
                    wrong[name] = response.status
    assert wrong == {}
    assert (await edge.http("GET", "/api/v1/users/fan"))[0] == 404


async def test_who_may_not_is_told_so(edge: RunningHub) -> None:
    expired = edge.token("platform", "service", seconds=-60)
    service = edge.token("platform", "service")
    for header, status, code in (
        ({}, 401, "auth.invalid"),
        ({"Authorization": ""}, 401, "auth.invalid"),
        ({"Authorization": "Bearer"}, 401, "auth.invalid"),
        ({"Authorization": "Bearer garbage"}, 401, "auth.invalid"),
        ({"Authorization": "Bearer ÿ"}, 401, "auth.invalid"),
        ({"Authorization": f"Basic {service}"}, 401, "auth.invalid"),
        ({"Authorization": f"Bearer {expired}"}, 401, "auth.expired"),
        ({"Authorization": f"Bearer {edge.token('fan', 'fan')}"}, 403, "access.denied"),
        ({"Authorization": f"Bearer {edge.token('fan', 'king')}"}, 403, "access.denied"),
        ({"Authorization": f"bearer  {service} "}, 404, "user.not_found"),
    ):
        got, answer = await edge.http("GET", "/api/v1/users/nobody", token="", headers=header)
        assert (got, answer["error"]["code"]) == (status, code), header


async def test_a_creator_starts_only_conversations_that_they_take_part_in(hub: RunningHub) -> None:
    await hub.user("fan")
    creator = hub.token("creator", "creator")

    created = await hub.ok("POST", "/api/v1/conversations", GOOD, token=creator)
    assert [member["user_id"] for member in created["conversation"]["members"]] == ["creator", "fan"]
    for body, token, status, code in (
        ({**GOOD, "members": [MEMBERS[0]]}, creator, 403, "access.denied"),
        ({**GOOD, "members": [MEMBERS[1], {"user_id": "made-up", "role": "fan"}]}, creator, 404, "user.not_found"),
        (GOOD, hub.token("fan", "fan"), 403, "access.denied"),
    ):
        got, answer = await hub.http("POST", "/api/v1/conversations", body, token=token)
        assert (got, answer["error"]["code"]) == (status, code)
