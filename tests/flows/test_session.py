"""Sessions: who is let in, how long they last, and what is said when they end."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
import socketio

from tests.clock import moment
from tests.conftest import SECRET, make_settings
from tests.rawsocket import RawSocket
from tests.running import RunningHub


def signed(**claims: Any) -> str:
    everything = {"sub": "fan", "roles": ["fan"], "exp": int(time.time()) + 86_400, **claims}
    return jwt.encode({key: value for key, value in everything.items() if value is not None}, SECRET, algorithm="HS256")


def unsigned() -> str:
    parts = [{"alg": "none", "typ": "JWT"}, {"sub": "fan", "exp": int(time.time()) + 60}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, ""])


async def test_a_session_begins_with_who_where_and_what_is_unread(live_hub: RunningHub) -> None:
    await live_hub.user("fan", display_name="Fania", locale="ht")

    fan = await live_hub.connected("fan", device_id="phone")

    ready = fan.named("session.ready")[0]
    assert ready["user"] == {"id": "fan", "display_name": "Fania", "locale": "ht", "roles": ["fan"]}
    assert (ready["limits"]["body_bytes"], ready["limits"]["frame_bytes"]) == (8192, 100_000)
    assert ready["unread"] == {"total": 0, "conversations": {}, "notifications": 0}
    assert abs(moment(ready["server_time"]).timestamp() - time.time()) < 60


REFUSED: dict[str, tuple[Any, str]] = {
    "expired": ({"token": signed(exp=int(time.time()) - 60)}, "auth.expired"),
    "garbage": ({"token": "not a token"}, "auth.invalid"),
    "empty": ({"token": ""}, "auth.invalid"),
    "another secret": ({"token": jwt.encode({"sub": "fan", "exp": 2**31}, "x" * 32, "HS256")}, "auth.invalid"),
    "alg none": ({"token": unsigned()}, "auth.invalid"),
    "HS512": ({"token": jwt.encode({"sub": "fan", "exp": 2**31}, SECRET * 2, "HS512")}, "auth.invalid"),
    "without sub": ({"token": signed(sub=None)}, "auth.invalid"),
    "without exp": ({"token": signed(exp=None)}, "auth.invalid"),
    "not yet valid": ({"token": signed(nbf=int(time.time()) + 600)}, "auth.invalid"),
    "sub is no user id": ({"token": signed(sub="a b")}, "auth.invalid"),
    "sub is empty": ({"token": signed(sub="")}, "auth.invalid"),
    "roles are no list": ({"token": signed(roles="fan")}, "auth.invalid"),
    "no token": ({"device_id": "phone"}, "auth.invalid"),
    "no auth": (None, "auth.invalid"),
    "token is a number": ({"token": 1}, "request.invalid"),
    "resume is a list": ({"token": signed(), "resume": []}, "request.invalid"),
    "resume names no conversation": ({"token": signed(), "resume": {"x": 1}}, "request.invalid"),
    "resume before all": (
        {"token": signed(), "resume": {"01900000-0000-7000-8000-000000000000": -1}},
        "request.invalid",
    ),
}


async def test_who_is_refused_gets_the_code_and_the_error(live_hub: RunningHub) -> None:
    for name, (auth, code) in REFUSED.items():
        async with RawSocket(live_hub.base) as socket:
            await socket.say("40" if auth is None else "40" + json.dumps(auth))
            refusal = json.loads((await socket.frame("44"))[2:])
            assert refusal["message"] == code, name
            assert (refusal["data"]["code"], refusal["data"]["retryable"]) == (code, False), name
            assert set(refusal["data"]["localized_message"]) == {"en", "fr", "ht"}, name


async def test_the_stock_client_is_told_why_it_is_refused(live_hub: RunningHub) -> None:
    client = socketio.AsyncClient(reconnection=False)
    told: list[Any] = []
    client.on("connect_error", told.append)

    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(live_hub.base, auth={"token": signed(exp=1)}, transports=["websocket"])

    assert [(each["message"], each["data"]["code"]) for each in told] == [("auth.expired", "auth.expired")]
    await client.disconnect()


async def test_a_user_id_that_ends_with_a_newline_is_refused(live_hub: RunningHub) -> None:
    status, answer = await live_hub.http("GET", "/api/v1/me", token=signed(sub="fan\n"))

    assert (status, answer.get("error", {}).get("code")) == (401, "auth.invalid")


async def test_a_token_that_runs_out_ends_the_session_and_says_so(live_hub: RunningHub) -> None:
    fan = await live_hub.person("fan", seconds=1).connect()

    await fan.received("session.expired")
    closing = await fan.received("session.closing")
    await fan.received("disconnect")

    assert closing == {"reason": "token_expired", "reconnect": False}  # not with this token


async def test_a_refreshed_session_outlives_its_first_token(live_hub: RunningHub) -> None:
    fan = await live_hub.person("fan", seconds=2).connect()
    other = await live_hub.person("other", seconds=2).connect()

    assert await fan.ask("session.refresh", token=live_hub.token("fan", "fan", seconds=60)) == {}

    await other.received("disconnect")  # the same time has passed
    assert await fan.ask("time.get")
    assert fan.named("session.expired") == []


async def test_a_refresh_needs_a_valid_token_of_the_same_person(live_hub: RunningHub) -> None:
    fan = await live_hub.connected("fan")

    for token, code in (
        (live_hub.token("other", "fan"), "auth.invalid"),
        (live_hub.token("fan", "fan", seconds=-60), "auth.expired"),
        ("garbage", "auth.invalid"),
    ):
        assert (await fan.refused("session.refresh", token=token))["code"] == code
    assert await fan.ask("time.get")


async def test_a_refresh_brings_new_roles(live_hub: RunningHub) -> None:
    members = [{"user_id": "fan", "role": "fan"}, {"user_id": "staff", "role": "support"}]
    created = await live_hub.ok("POST", "/api/v1/conversations", {"kind": "support", "members": members})
    conversation_id = created["conversation"]["id"]
    fan, staff = await live_hub.connected("fan"), await live_hub.connected("staff", "fan")
    await fan.send(conversation_id, "rude")
    wish = {"conversation_id": conversation_id, "seq": 1}
    assert (await staff.refused("message.delete", **wish))["code"] == "access.denied"

    await staff.ask("session.refresh", token=live_hub.token("staff", "moderator"))

    assert (await staff.ask("message.delete", **wish))["message"]["body_state"] == "deleted"


async def test_issuer_and_audience_are_checked_when_configured(sqlite_url: str, start_hub: Any) -> None:
    settings = make_settings(sqlite_url, jwt_issuer="https://id.example", jwt_audience="hub")
    hub: RunningHub = await start_hub(settings)
    right = {"iss": "https://id.example", "aud": "hub"}

    for claims, status in (
        (right, 200),
        ({**right, "aud": ["other", "hub"]}, 200),
        ({**right, "iss": "https://evil.example"}, 401),
        ({**right, "aud": "other"}, 401),
        ({"iss": right["iss"]}, 401),
        ({"aud": right["aud"]}, 401),
    ):
        answered, _ = await hub.http("GET", "/api/v1/me", token=signed(**claims))
        assert answered == status, claims
