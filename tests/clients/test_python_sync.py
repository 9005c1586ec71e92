"""The stock synchronous Python client, as a script of the platform would use it."""

import asyncio
import queue
from typing import Any

import pytest
import socketio

from tests.running import PATIENCE, RunningHub

TRANSPORTS = [["websocket"], ["polling", "websocket"]]
"""Not polling alone: engineio leaves the last poll of a client that goes away open until its time-out, 30 s."""


def connected(hub: RunningHub, token: str, transports: list[str]) -> tuple[socketio.Client, "queue.Queue[Any]"]:
    """A client that is greeted, and what it hears from then on."""
    heard: queue.Queue[Any] = queue.Queue()
    client = socketio.Client(reconnection=False)
    client.on("*", lambda event, data: heard.put((event, data)))
    client.connect(hub.base, auth={"token": token}, transports=transports)
    assert heard.get(timeout=PATIENCE)[0] == "session.ready"
    return client, heard


def talk(hub: RunningHub, conversation_id: str, tokens: tuple[str, str], transports: list[str]) -> dict[str, Any]:
    fan, _ = connected(hub, tokens[0], transports)
    creator, heard = connected(hub, tokens[1], transports)
    facts: dict[str, Any] = {}
    facts["opened"] = creator.call("conversation.open", {"conversation_id": conversation_id}, timeout=PATIENCE)
    wish = {"conversation_id": conversation_id, "client_message_id": "py-1", "body": "Hello!"}
    facts["sent"] = fan.call("message.send", wish, timeout=PATIENCE)
    facts["heard"] = heard.get(timeout=PATIENCE)
    facts["refused"] = fan.call("message.send", {"conversation_id": 1}, timeout=PATIENCE)
    facts["transport"] = fan.transport()
    fan.disconnect()
    creator.disconnect()
    return facts


@pytest.mark.parametrize("transports", TRANSPORTS, ids="+".join)
async def test_the_stock_synchronous_python_client(hub: RunningHub, transports: list[str]) -> None:
    conversation_id = await hub.order_chat()
    tokens = hub.token("fan", "fan"), hub.token("creator", "creator")

    facts = await asyncio.to_thread(talk, hub, conversation_id, tokens, transports)

    assert facts["transport"] == transports[-1]
    assert facts["opened"]["success"]
    event, payload = facts["heard"]
    assert event == "message.new"
    assert payload["message"] == facts["sent"]["data"]["message"]
    assert facts["refused"]["error"]["code"] == "request.invalid"


async def test_a_refused_connection_says_why(hub: RunningHub) -> None:
    def refused() -> Any:
        reasons: queue.Queue[Any] = queue.Queue()
        client = socketio.Client(reconnection=False)
        client.on("connect_error", reasons.put)
        with pytest.raises(socketio.exceptions.ConnectionError):
            client.connect(hub.base, auth={"token": "no token"}, transports=["websocket"])
        return reasons.get(timeout=PATIENCE)

    reason = await asyncio.to_thread(refused)

    assert reason["message"] == "auth.invalid"
    assert reason["data"]["code"] == "auth.invalid"


async def test_a_client_comes_back_by_itself_after_the_server_dropped_it(hub: RunningHub) -> None:
    heard: queue.Queue[Any] = queue.Queue()
    client = socketio.Client(reconnection_delay=0.05, reconnection_delay_max=0.1)
    client.on("session.ready", heard.put)

    def connect() -> None:
        client.connect(hub.base, auth={"token": hub.token("fan", "fan")}, transports=["websocket"])
        heard.get(timeout=PATIENCE)

    await asyncio.to_thread(connect)
    (session,) = hub.hub.server.sessions
    session.connection.websocket.abort()

    again = await asyncio.to_thread(heard.get, timeout=PATIENCE)

    assert again["user"]["id"] == "fan"
    await asyncio.to_thread(client.disconnect)
