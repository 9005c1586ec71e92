"""python-socketio's own interface on the hub: its admin UI, and its emits, which reach people's sessions."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import socketio

from hub.gateway.rooms import user_room
from tests.conftest import make_settings
from tests.processes import ROOT, HubProcess, hub_process
from tests.rawsocket import RawSocket
from tests.running import PATIENCE, Person, RunningHub

PASSWORD = "the-password-of-the-operator"
ADMIN = {"username": "admin", "password": PASSWORD}
TWICE = """
from hub.gateway.socketserver import SocketServer
one, other = SocketServer(), SocketServer()
options = {"auth": {"username": "admin", "password": "x"}, "mode": "production", "read_only": True}
one.instrument(**options)
for server in (one, other):
    try:
        server.instrument(**options)
    except RuntimeError as error:
        print("refused:", error)
"""


class Operator:
    """The stock admin UI, as far as the server sees it."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self._events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.client.on("*", self._take, namespace="/admin")

    async def connect(self, base: str, auth: Any) -> None:
        await self.client.connect(base, namespaces=["/admin"], auth=auth, transports=["websocket"])

    async def told(self, name: str) -> Any:
        """The payload of the next event of this name."""
        async with asyncio.timeout(PATIENCE):
            while True:
                event, payload = await self._events.get()
                if event == name:
                    return payload

    async def _take(self, event: str, payload: Any = None) -> None:
        await self._events.put((event, payload))


@asynccontextmanager
async def watched_hub(database_url: str) -> AsyncIterator[HubProcess]:
    """A process of its own: a process can be instrumented once."""
    async with hub_process(database_url, HUB_ADMIN_PASSWORD=PASSWORD) as hub:
        yield hub


async def test_the_stock_admin_ui_sees_who_is_connected_and_the_others_are_refused(sqlite_url: str) -> None:
    async with watched_hub(sqlite_url) as hub:
        for auth in (None, {**ADMIN, "password": "wrong"}, {"token": hub.token("fan", "admin")}):
            stranger = Operator()
            with pytest.raises(socketio.exceptions.ConnectionError):
                await stranger.connect(hub.base, auth)
            assert not stranger.client.connected

        operator = Operator()
        await operator.connect(hub.base, ADMIN)
        assert (await operator.told("config"))["supportedFeatures"] == ["AGGREGATED_EVENTS"]  # it may look only

        fan = await Person(hub.base, hub.token("fan"), "fan").connect()
        while (stats := await operator.told("server_stats"))["clientsCount"] < 2:
            pass
        counts = {each["name"]: each["socketsCount"] for each in stats["namespaces"]}
        assert (counts["/admin"], stats["pollingClientsCount"]) == (1, 0)
        assert (await fan.ask("time.get"))["server_time"]  # people are served as ever
        assert (await fan.refused("join", room="user:creator"))["code"] == "request.invalid"

        code = await hub.terminate()  # with an operator connected
        assert code == 0
        await fan.disconnect()
        await operator.client.disconnect()
        logged = hub.logged()
        assert "Traceback" not in logged, logged
        assert PASSWORD not in logged


async def test_without_a_password_there_is_no_admin_ui(sqlite_url: str, start_hub: Any) -> None:
    hub: RunningHub = await start_hub(make_settings(sqlite_url))
    with pytest.raises(socketio.exceptions.ConnectionError):
        await Operator().connect(hub.base, {"username": "admin", "password": ""})


def test_a_process_is_instrumented_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TWICE], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("refused: instrument() was called before") == 2


# --- python-socketio's emits ----------------------------------------------------------------------------------------


@pytest.fixture
async def served(edge: RunningHub) -> tuple[RunningHub, list[Person], list[str]]:
    """Two people, and their sessions' ids."""
    people = [await edge.connected("fan"), await edge.connected("creator", "creator")]
    return edge, people, [person.named("session.ready")[0]["session_id"] for person in people]


async def test_emits_to_rooms_and_sessions_reach_them_in_order(served: Any) -> None:
    hub, (fan, creator), (fan_sid, creator_sid) = served
    server = hub.hub.server

    await server.emit("to a room", {"n": 1}, room=user_room("fan"))
    await server.emit("to a session", {"n": 2}, to=fan_sid)
    await server.send({"n": 3}, to=fan_sid)
    await server.emit("to both", {"n": 4}, room=[user_room("fan"), user_room("creator")])
    await server.emit("to all but one", {"n": 5}, skip_sid=fan_sid)
    await server.emit("to everybody", {"n": 6})
    await server.emit("to nobody", {"n": 7}, room="user:stranger")
    await server.emit("last", {"n": 8}, room=[fan_sid, creator_sid])

    for person in (fan, creator):
        await person.received("last")
    assert [payload["n"] for name, payload in fan.events if name != "session.ready"] == [1, 2, 3, 4, 6, 8]
    assert [payload["n"] for name, payload in creator.events if name != "session.ready"] == [4, 5, 6, 8]


async def test_rooms_of_the_application_are_entered_left_and_closed(served: Any) -> None:
    hub, (fan, creator), (fan_sid, creator_sid) = served
    server = hub.hub.server
    for sid in (fan_sid, creator_sid):
        await server.enter_room(sid, "lobby")
    assert "lobby" in server.rooms(fan_sid)
    assert {sid for sid, _ in server.manager.get_participants("/", "lobby")} == {fan_sid, creator_sid}

    await server.emit("one", {}, room="lobby")
    await server.leave_room(creator_sid, "lobby")
    await server.emit("two", {}, room="lobby")
    await server.close_room("lobby")
    await server.emit("three", {}, room="lobby")
    await server.emit("last", {})

    for person in (fan, creator):
        await person.received("last")
    assert [name for name, _ in fan.events[1:]] == ["one", "two", "last"]
    assert [name for name, _ in creator.events[1:]] == ["one", "last"]
    assert not hub.hub.services.fanout.has("lobby")


async def test_a_session_answers_what_the_application_asks(served: Any) -> None:
    hub, (fan, _), (fan_sid, _) = served
    server = hub.hub.server
    fan.client.on("sum", sum)
    answers: asyncio.Queue[Any] = asyncio.Queue()

    assert await server.call("sum", [1, 2, 3], to=fan_sid, timeout=PATIENCE) == 6
    await server.emit("sum", [4, 5], to=fan_sid, callback=answers.put)
    async with asyncio.timeout(PATIENCE):
        assert await answers.get() == 9
    assert len(server.manager.callbacks.get(fan_sid, {})) <= 1  # the counter of their ids


async def test_a_question_that_is_never_answered_leaves_nothing_behind(served: Any) -> None:
    hub, _, _ = served
    server = hub.hub.server
    async with RawSocket(hub.base, hub.token("mute", "fan")) as mute:
        sid = mute.named("session.ready")[0]["session_id"]
        with pytest.raises(socketio.exceptions.TimeoutError):
            await server.call("question", to=sid, timeout=0.05)
        assert sid not in server.manager.callbacks


async def test_a_session_that_the_application_disconnects_is_seen_off_like_any_other(served: Any) -> None:
    hub, (fan, creator), (fan_sid, creator_sid) = served
    await hub.order_chat()  # strangers see nothing of each other
    await creator.ask("presence.subscribe", user_ids=["fan"])
    await hub.hub.server.disconnect(fan_sid)
    await fan.received("disconnect")
    assert await creator.ask("time.get")
    await creator.received("presence", lambda state: state["status"] == "offline")
    assert not hub.hub.services.fanout.has(user_room("fan"))
    assert [each.id for each in hub.hub.server.sessions] == [creator_sid]
