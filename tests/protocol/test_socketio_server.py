"""python-socketio's public interface on the gateway's server: what an application that uses it sees."""

import asyncio
from typing import Any

import pytest
import socketio as stock

from tests.protocol.client import Client
from tests.protocol.packets import event
from tests.protocol.patience import SECONDS
from tests.protocol.rfc6455 import TEXT, closing, frame
from tests.protocol.service import Friend, Service

FAREWELLS = {
    "of Socket.IO": frame(TEXT, b"41"),
    "of Engine.IO": frame(TEXT, b"1"),
    "of WebSocket": closing(1001),
    "of TCP alone": b"",
}


async def test_what_is_emitted_while_connecting_comes_after_the_answer_to_connect(service: Service) -> None:
    @service.server.on("connect")
    async def connect(sid: str, environ: dict[str, Any], auth: Any) -> None:
        await service.server.emit("welcome", {"auth": auth, "from": environ["REMOTE_ADDR"]}, to=sid)
        await service.server.enter_room(sid, "lobby")
        await service.server.emit("to the room", room="lobby")

    friend = await service.friend(auth={"token": "x"})

    assert await friend.next() == ("welcome", ({"auth": {"token": "x"}, "from": "127.0.0.1"},))
    assert await friend.next() == ("to the room", ())


@pytest.mark.parametrize("refusal", ["false", "exception", "exception with data"])
async def test_a_refusal_tells_why_and_its_emits_are_dropped(service: Service, refusal: str) -> None:
    @service.server.on("connect")
    async def connect(sid: str, _environ: Any, _auth: Any) -> bool:
        await service.server.emit("never", to=sid)
        if refusal == "false":
            return False
        raise stock.exceptions.ConnectionRefusedError(*["no", {"code": 7}][: 1 + (refusal != "exception")])

    friend = Friend()
    told: list[Any] = []
    friend.client.on("connect_error", told.append)

    with pytest.raises(stock.exceptions.ConnectionError):
        await friend.client.connect(service.base, transports=["websocket"])

    expected = {
        "false": {"message": "Connection rejected by server"},
        "exception": {"message": "no"},
        "exception with data": {"message": "no", "data": {"code": 7}},
    }
    assert told == [expected[refusal]]
    assert friend.events.empty()


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_rooms_reach_their_members_but_for_those_to_skip(service: Service, transport: str) -> None:
    one, two, outside = [await service.friend(transport) for _ in range(3)]
    for each in (one, two):
        await service.server.enter_room(each.sid, "room")

    await service.server.emit("all", {"n": 1}, room="room")
    await service.server.emit("not one", b"\x00\x01", room="room", skip_sid=one.sid)
    await service.server.leave_room(two.sid, "room")
    await service.server.emit("one left", [1, 2], room="room")
    await service.server.emit("everybody")

    assert [await one.next() for _ in range(3)] == [("all", ({"n": 1},)), ("one left", ([1, 2],)), ("everybody", ())]
    assert [await two.next() for _ in range(3)] == [
        ("all", ({"n": 1},)),
        ("not one", (b"\x00\x01",)),
        ("everybody", ()),
    ]
    assert await outside.next() == ("everybody", ())


async def test_a_closed_room_is_empty(service: Service) -> None:
    friend = await service.friend()
    await service.server.enter_room(friend.sid, "room")
    assert set(service.server.rooms(friend.sid)) == {friend.sid, "room"}

    await service.server.close_room("room")
    await service.server.emit("to the room", room="room")
    await service.server.emit("to the friend", to=friend.sid)

    assert await friend.next() == ("to the friend", ())
    assert service.server.rooms(friend.sid) == [friend.sid]


async def test_binary_comes_by_polling_and_websocket_alike(service: Service) -> None:
    friends = [await service.friend("polling"), await service.friend("websocket"), await service.friend("polling")]

    await service.server.emit("file", ({"data": b"\xff\x00"}, b""))

    for friend in friends:
        assert await friend.next() == ("file", ({"data": b"\xff\x00"}, b""))


async def test_a_client_acknowledges_a_call_also_within_a_handler(service: Service) -> None:
    @service.server.on("start")
    async def start(sid: str) -> Any:
        return await service.server.call("question", {"n": 1}, to=sid, timeout=SECONDS)

    friend = await service.friend()
    friend.client.on("question", lambda payload: {"answer": payload["n"] + 1})

    async with asyncio.timeout(SECONDS):
        assert await friend.client.call("start") == {"answer": 2}


async def test_an_answer_that_never_comes_is_a_timeout_and_leaves_nothing(service: Service) -> None:
    friend = await service.friend()
    hanging = asyncio.Event()
    friend.client.on("question", hanging.wait)

    with pytest.raises(stock.exceptions.TimeoutError):
        await service.server.call("question", to=friend.sid, timeout=0.05)

    assert not service.server.manager.callbacks.get(friend.sid)
    hanging.set()


async def test_a_burst_of_more_than_a_slow_socket_may_hold_reaches_one_that_reads(service: Service) -> None:
    friend = await service.friend()

    for number in range(200):
        await service.server.emit("chunk", (number, "x" * 8_000), to=friend.sid)

    assert [(await friend.next())[1][0] for _ in range(200)] == list(range(200))


async def test_what_was_emitted_before_a_disconnect_arrives_before_it(service: Service) -> None:
    gone: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    @service.server.on("disconnect")
    async def disconnect(sid: str, reason: str) -> None:
        await gone.put((sid, reason))

    for transport in ("websocket", "polling"):
        friend = await service.friend(transport)
        sid = friend.sid
        await service.server.emit("farewell", to=sid)
        await service.server.disconnect(sid)
        assert await friend.next() == ("farewell", ())
        async with asyncio.timeout(SECONDS):
            assert await gone.get() == (sid, service.server.reason.SERVER_DISCONNECT)


@pytest.mark.parametrize("farewell", FAREWELLS)
async def test_what_a_client_sent_before_it_left_is_handled_before_it_is_gone(service: Service, farewell: str) -> None:
    heard: asyncio.Queue[int | str] = asyncio.Queue()

    @service.server.on("last words")
    async def last_words(_sid: str, number: int) -> None:
        await asyncio.sleep(0)
        await heard.put(number)

    @service.server.on("disconnect")
    async def disconnect(_sid: str, _reason: str) -> None:
        await heard.put("gone")

    async with Client(service.address, "/socket.io/") as client:
        wire = await client.wire()
        wire.send(frame(TEXT, b"40"))
        await wire.message()
        words = (frame(TEXT, event("last words", number).encode()) for number in range(10))
        wire.send(*words, FAREWELLS[farewell])
        wire.transport.write_eof()
        async with asyncio.timeout(SECONDS):
            assert [await heard.get() for _ in range(11)] == [*range(10), "gone"]


async def test_a_user_session_lasts_as_long_as_its_connection(service: Service) -> None:
    friend = await service.friend()
    await service.server.save_session(friend.sid, {"name": "fan"})

    async with service.server.session(friend.sid) as session:
        session["seen"] = True

    assert await service.server.get_session(friend.sid) == {"name": "fan", "seen": True}


async def test_a_handler_that_fails_ends_nothing(service: Service, quiet_logs: Any) -> None:
    @service.server.on("break")
    async def break_(_sid: str) -> None:
        raise ZeroDivisionError

    @service.server.on("work")
    async def work(_sid: str) -> str:
        return "done"

    friend = await service.friend()
    await friend.client.emit("break")

    assert await friend.client.call("work", timeout=SECONDS) == "done"
    assert [entry["log_level"] for entry in quiet_logs.entries if entry.get("exc_info")] == ["error"]
    quiet_logs.entries.clear()
