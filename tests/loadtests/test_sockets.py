"""The raw client of the load tests, against each peer: what it says and hears is Socket.IO, and it can misbehave."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable

import jwt
import msgspec
import pytest
import uvloop
from aiohttp import web

from loadtests import wire
from loadtests.configuration import SECRET
from loadtests.peers.processes import Peer, node_peer, python_peer, running_peer
from loadtests.sockets import Arrivals, Socket, SocketFailed, connect, connect_many, drop, source_address

TOKEN = jwt.encode({"sub": "fan", "exp": 4_000_000_000}, SECRET, algorithm="HS256")
PEERS = [
    "hub",
    "stock",
    pytest.param(
        "node",
        marks=[pytest.mark.node, pytest.mark.skipif(shutil.which("npm") is None, reason="there is no Node.js here")],
    ),
]


@pytest.fixture(params=PEERS)
async def peer(request: pytest.FixtureRequest) -> AsyncIterator[Peer]:
    name: str = request.param
    command = node_peer() if name == "node" else python_peer({"hub": "hub_events"}.get(name, name))
    async with running_peer(name, command, "--auth") as running:
        yield running


async def member(peer: Peer, **options: object) -> Socket:
    socket = await connect(peer.host, peer.port, auth={"token": TOKEN}, **options)  # type: ignore[arg-type]
    await socket.ask("join", {"rooms": ["room"]})
    return socket


async def sockets_of(socket: Socket) -> int:
    """How many the server counts."""
    (stats,) = msgspec.json.decode((await socket.ask("stats", {"gc": True})).text)
    return int(stats["sockets"])


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  (counted by the socket itself, event by event)
            await asyncio.sleep(0.01)


async def test_every_peer_answers_the_events(peer: Peer) -> None:
    got: asyncio.Queue[bytes] = asyncio.Queue()
    first = await member(peer, on_event=lambda text, _at: got.put_nowait(text))
    second = await member(peer)
    assert first.sid
    assert first.sid != second.sid
    assert msgspec.json.decode((await second.ask("echo", {"é": [1, "x" * 70_000]})).text) == [{"é": [1, "x" * 70_000]}]
    await second.ask("burst", {"room": "room", "n": 3, "first": 7, "body": "bonjou"})
    assert [await got.get() for _ in range(3)] == [b'["msg",{"i":%d,"body":"bonjou"}]' % n for n in (7, 8, 9)]
    assert await sockets_of(second) == 2
    first.close()
    second.close()


async def test_a_token_that_is_not_ours_is_refused(peer: Peer) -> None:
    with pytest.raises(SocketFailed, match=r"auth\.invalid"):
        await connect(peer.host, peer.port, auth={"token": "forged"})


async def test_a_crowd_from_many_addresses_is_counted_and_sampled(peer: Peer) -> None:
    samples: list[int] = []
    arrivals = Arrivals(every=10, on_sample=lambda number, _at: samples.append(number))

    async def one(number: int) -> Socket:
        return await member(peer, source=source_address(number, each=3), arrivals=arrivals)

    sockets = await connect_many(20, one, at_once=5)
    await sockets[0].ask("burst", {"room": "room", "n": 50, "first": 1000, "body": "x" * 150})
    await until(lambda: arrivals.count >= 1000)
    assert arrivals.count == 1000
    assert len(samples) == 100
    assert set(samples) <= set(range(1000, 1050))
    drop(sockets)


async def test_a_slow_reader_gets_everything_once_it_reads(peer: Peer) -> None:
    arrivals = Arrivals()
    slow = await member(peer, arrivals=arrivals)
    quick = await member(peer)
    slow.pause_reading()
    await quick.ask("burst", {"room": "room", "n": 40, "first": 0, "body": "x" * 10_000})
    assert arrivals.count == 0
    slow.resume_reading()
    await until(lambda: arrivals.count >= 40)
    drop([slow, quick])


async def test_one_that_vanishes_keeps_its_connection_and_one_that_aborts_loses_it(peer: Peer) -> None:
    ended: list[Socket] = []
    half_open = await member(peer, on_close=lambda socket, _error: ended.append(socket))
    dropped = await member(peer, on_close=lambda socket, _error: ended.append(socket))
    half_open.vanish()
    dropped.abort()
    await until(lambda: len(ended) > 0)
    assert ended == [dropped]
    assert not half_open.open
    watcher = await member(peer)
    async with asyncio.timeout(10):
        while await sockets_of(watcher) != 2:
            pass
    drop([half_open, watcher])


async def test_whoever_waits_for_an_answer_learns_of_the_end() -> None:
    async with running_peer("stock", python_peer("stock")) as stock:
        socket = await connect(stock.host, stock.port)
        waiting = asyncio.create_task(socket.ask("nobody.answers", {}))
        await asyncio.sleep(0)
        socket.abort()
        with pytest.raises(SocketFailed, match="closed"):
            await waiting
        with pytest.raises(SocketFailed, match="closed"):
            await socket.ask("echo", {})


async def test_deflated_messages_are_read_where_a_server_takes_the_offer() -> None:
    got: list[bytes] = []
    async with running_peer("stock", python_peer("stock")) as stock:
        socket = await connect(stock.host, stock.port, deflate=True, on_event=lambda text, _at: got.append(text))
        assert socket.compressed
        await socket.ask("join", {"rooms": ["room"]})
        for number in range(3):
            await socket.ask("burst", {"room": "room", "n": 1, "first": number, "body": "again " * 50})
        await until(lambda: len(got) >= 3)
        assert got[2] == b'["msg",{"i":2,"body":"%s"}]' % (b"again " * 50)
        socket.close()


async def test_a_server_that_does_not_switch_is_named() -> None:
    app = web.Application()
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        with pytest.raises(SocketFailed, match="404"):
            await connect("127.0.0.1", runner.addresses[0][1])
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65_535, 65_536, 1_000_000])
async def test_frames_of_every_length_come_whole_however_they_are_cut(length: int) -> None:
    """A server sends two frames of each length in pieces of 7,001 bytes; the client unmasks its own."""
    payload = b'42["msg",{"i":5,"body":"%s"}]' % (b"x" * length)
    head = (
        bytes((0x81, len(payload)))
        if len(payload) < 126
        else b"\x81\x7e" + len(payload).to_bytes(2, "big")
        if len(payload) < 65_536
        else b"\x81\x7f" + len(payload).to_bytes(8, "big")
    )
    got: list[bytes] = []
    socket = Socket((b"", b""), None, on_event=lambda text, _at: got.append(text))
    socket._handshake = None
    stream = (head + payload) * 2
    for begin in range(0, len(stream), 7_001):
        socket.data_received(stream[begin : begin + 7_001])
    assert got == [payload[2:]] * 2

    frame = wire.masked(payload)
    body = len(frame) - len(payload)
    key = frame[body - 4 : body]
    assert bytes(byte ^ key[index % 4] for index, byte in enumerate(frame[body:])) == payload


def test_it_runs_on_uvloop_as_the_benchmarks_do() -> None:
    async def echoed() -> bytes:
        async with running_peer("stock", python_peer("stock")) as stock:
            socket = await connect(stock.host, stock.port, source="127.0.0.2")
            answer = await socket.ask("echo", {"n": 1})
            socket.close()
            return answer.text

    assert uvloop.run(echoed()) == b'[{"n":1}]'
