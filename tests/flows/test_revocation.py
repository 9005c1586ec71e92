"""Ending sessions: a person's sockets are closed, and tokens of before are worth nothing any more."""

import asyncio
import time
from typing import Any

import jwt
import pytest

from tests.clock import MovableClock
from tests.conftest import SECRET, make_settings
from tests.flows.story import opened
from tests.rawsocket import RawSocket
from tests.running import RunningHub


async def refusal(hub: RunningHub, token: str) -> str:
    """The code of a refused CONNECT."""
    async with RawSocket(hub.base) as socket:
        await socket.say(f'40{{"token":"{token}"}}')
        return (await socket.frame("44")).split('"message":"')[1].split('"')[0]


def old(**claims: Any) -> str:
    now = int(time.time())
    return jwt.encode({"sub": "fan", "roles": ["fan"], "exp": now + 600, **claims}, SECRET, algorithm="HS256")


async def test_revoking_closes_the_sockets_and_refuses_the_tokens(hub: RunningHub) -> None:
    devices = [await hub.connected("fan") for _ in range(2)]
    other = await hub.connected("other")

    answer = await hub.ok("DELETE", "/api/v1/users/fan/sessions")

    assert set(answer) == {"revoked_at"}
    for device in devices:
        assert await device.received("session.closing") == {"reason": "banned", "reconnect": False}
        await device.received("disconnect")
        assert await refusal(hub, device.token) == "auth.revoked"
        status, error = await hub.http("GET", "/api/v1/me", token=device.token)
        assert (status, error["error"]["code"]) == (401, "auth.revoked")
    assert await other.ask("time.get")
    assert other.named("session.closing") == []


async def test_a_token_of_after_is_welcome(hub: RunningHub) -> None:
    before = hub.token("fan", "fan")
    chat = await hub.order_chat()
    await hub.ok("DELETE", "/api/v1/users/fan/sessions", {"reason": "replaced"})

    fan = await opened(hub, chat, "fan")

    await fan.send(chat, "I am back")
    assert (await fan.refused("session.refresh", token=before))["code"] == "auth.revoked"
    assert await fan.ask("session.refresh", token=hub.token("fan", "fan")) == {}
    await hub.ok("DELETE", "/api/v1/users/fan/sessions", {"reason": "replaced"})
    assert (await fan.received("session.closing"))["reason"] == "replaced"


async def test_a_token_without_its_time_counts_as_old(hub: RunningHub) -> None:
    assert (await hub.http("GET", "/api/v1/me", token=old()))[0] == 200

    await hub.ok("DELETE", "/api/v1/users/fan/sessions")

    assert (await hub.http("GET", "/api/v1/me", token=old()))[0] == 401
    assert (await hub.http("GET", "/api/v1/me", token=old(iat=int(time.time()) - 60)))[0] == 401


async def test_who_is_not_known_yet_can_be_refused_before_they_come(hub: RunningHub) -> None:
    stolen = hub.token("newcomer", "fan")

    await hub.ok("DELETE", "/api/v1/users/newcomer/sessions")

    assert await refusal(hub, stolen) == "auth.revoked"
    assert (await hub.connected("newcomer")).named("session.ready")


async def test_the_mark_never_moves_back(database_url: str, start_hub: Any) -> None:
    clock = MovableClock()
    hub: RunningHub = await start_hub(make_settings(database_url), clock=clock)
    clock.forward(3600)
    first = await hub.ok("DELETE", "/api/v1/users/fan/sessions")
    clock.forward(-3600)

    await hub.ok("DELETE", "/api/v1/users/fan/sessions")

    status, _ = await hub.http("GET", "/api/v1/me", token=hub.token("fan", "fan"))
    assert (status, set(first)) == (401, {"revoked_at"})


async def test_a_disconnected_person_may_come_back(hub: RunningHub) -> None:
    devices = [await hub.connected("fan") for _ in range(2)]

    assert await hub.ok("POST", "/api/v1/users/fan/disconnect") == {"disconnected": True}

    for device in devices:
        assert await device.received("session.closing") == {"reason": "disconnected", "reconnect": True}
        await device.received("disconnect")
    assert (await hub.connected("fan")).named("session.ready")
    assert await hub.ok("POST", "/api/v1/users/nobody/disconnect") == {"disconnected": True}


@pytest.mark.parametrize(("method", "path"), [("DELETE", "fan/sessions"), ("POST", "fan/disconnect")])
async def test_only_the_platform_and_admins_end_sessions(hub: RunningHub, method: str, path: str) -> None:
    fan = await hub.connected("fan")

    for role in ("fan", "creator", "support", "moderator"):
        status, answer = await hub.http(method, f"/api/v1/users/{path}", token=hub.token("fan", role))
        assert (status, answer["error"]["code"]) == (403, "access.denied")
    assert await fan.ask("time.get")
    status, _ = await hub.http(method, f"/api/v1/users/{path}", token=hub.token("boss", "admin"))
    assert status == 200
    await fan.received("disconnect")


async def test_nobody_slips_in_while_sessions_are_revoked(hub: RunningHub) -> None:
    """Connecting and revoking at the same moment: no session with an old token is left."""
    for number in range(8):
        user_id = f"fan-{number}"
        people = [hub.person(user_id) for _ in range(4)]
        connecting = [
            asyncio.ensure_future(
                person.client.connect(hub.base, auth={"token": person.token}, transports=["websocket"])
            )
            for person in people
        ]
        await asyncio.sleep(number * 0.003)
        await hub.ok("DELETE", f"/api/v1/users/{user_id}/sessions")
        await asyncio.gather(*connecting, return_exceptions=True)

        async with asyncio.timeout(8):
            while any(session.user_id == user_id for session in hub.hub.server.sessions):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
