"""What an unforeseen error leaves in the log: enough to find it, nothing of what people wrote or signed in with."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import socketio
from sqlalchemy import text

from persistence.engine import Connections
from tests.faults.chatter import http
from tests.processes import HubProcess, hub_process

BODY = "a very private sentence"
BREAK_READING = "ALTER TABLE conversation RENAME TO elsewhere"
BREAK_WRITING = "CREATE TRIGGER full BEFORE INSERT ON message BEGIN SELECT RAISE(ABORT, 'no room'); END"


async def execute(url: str, statement: str) -> None:
    connections = Connections(url)
    async with connections.write() as connection:
        await connection.execute(text(statement))
    await connections.close()


@asynccontextmanager
async def person(hub: HubProcess, token: str) -> AsyncIterator[Any]:
    client = socketio.AsyncClient(reconnection=False)
    await client.connect(hub.base, auth={"token": token}, transports=["websocket"])
    yield client
    await client.disconnect()


async def send(client: Any, conversation_id: str = "01890000-0000-7000-8000-000000000000") -> Any:
    wish = {"conversation_id": conversation_id, "client_message_id": "m", "body": BODY}
    return await client.call("message.send", wish, timeout=20)


@pytest.mark.parametrize("env", ["development", "production"])
async def test_an_unforeseen_error_is_logged_without_bodies_and_tokens(sqlite_url: str, env: str) -> None:
    async with hub_process(sqlite_url, HUB_ENV=env, HUB_RATE_LIMITS="on") as hub:
        token = hub.token("fan", "fan")
        async with person(hub, token) as client:
            await execute(sqlite_url, BREAK_READING)

            answer = await send(client)

        assert answer["error"]["code"] == "internal.error"
        said = await hub.said(answer["request_id"])
        assert "OperationalError" in said
        assert BODY not in said
        assert token not in said
        assert token.rpartition(".")[2] not in said
        if env == "production":
            for line in said.splitlines():
                json.loads(line)


@pytest.mark.parametrize("env", ["development", "production"])
async def test_writing_an_error_to_the_log_does_not_hold_up_the_others(sqlite_url: str, env: str) -> None:
    async with (
        hub_process(sqlite_url, HUB_ENV=env, HUB_RATE_LIMITS="on") as hub,
        person(hub, hub.token("fan", "fan")) as fan,
        person(hub, hub.token("other", "fan")) as other,
    ):
        await execute(sqlite_url, BREAK_READING)
        failing = asyncio.create_task(send(fan))
        slowest = 0.0
        while not failing.done():
            began = time.monotonic()
            await other.call("time.get", {}, timeout=20)
            slowest = max(slowest, time.monotonic() - began)

        assert not (await failing)["success"]
        assert slowest < 0.25


@pytest.mark.parametrize("env", ["development", "production"])
async def test_a_message_that_cannot_be_stored_is_not_logged_instead(sqlite_url: str, env: str) -> None:
    """The database's own error text quotes what was to be written, unless it is told not to."""
    async with hub_process(sqlite_url, HUB_ENV=env, HUB_RATE_LIMITS="on") as hub:
        members = [{"user_id": "fan", "role": "fan"}]
        made = await http(hub, "POST", "/conversations", {"kind": "direct", "members": members})
        async with person(hub, hub.token("fan", "fan")) as client:
            await execute(sqlite_url, BREAK_WRITING)
            answer = await send(client, made["conversation"]["id"])

        said = await hub.said(answer["request_id"])
        assert "no room" in said
        assert "[parameters: " not in said
        assert BODY not in said
