"""Gateway processes that share a port: a session's requests may reach any of them, and stock clients do not notice."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from hub.gateway.engine import Engine
from hub.gateway.siblings import Siblings
from tests.protocol.client import Client, Poller
from tests.protocol.engineio_server import make_app
from tests.protocol.patience import AT_ONCE
from tests.protocol.rfc6455 import TEXT, frame
from tests.protocol.serving import MAX_PAYLOAD, OPTIONS, running

PATH = "/engine.io/"


@pytest.fixture
async def engines() -> AsyncIterator[tuple[Client, Client]]:
    """Two servers as two processes would be, each at an address of its own so that a test can choose."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))  # the path of a Unix socket must be short
        clients = [await stack.enter_async_context(Sibling(folder, number)) for number in (1, 2)]
        yield clients[0], clients[1]


class Sibling:
    """One of several servers, and a client of it."""

    def __init__(self, folder: Path, number: int) -> None:
        self._siblings = Siblings(folder, number)
        self._engine = Engine(**OPTIONS)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Client:
        self._engine.join_siblings(self._siblings)
        app = make_app(self._engine)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.2)
        address = await self._stack.enter_async_context(running(app, runner=runner))
        await self._siblings.start(runner)
        self._stack.push_async_callback(self._siblings.stop)
        return await self._stack.enter_async_context(Client(address, PATH))

    async def __aexit__(self, *_error: object) -> None:
        await self._stack.aclose()


def elsewhere(client: Client, session: Poller) -> Poller:
    """The same session, asked through another process."""
    return Poller(client, session.handshake)


async def test_a_session_may_be_posted_and_polled_through_any_process(engines: tuple[Client, Client]) -> None:
    here, there = engines
    session = await here.poller()
    away = elsewhere(there, session)

    posted = await away.post("4one", "bAQID")
    await session.post("4three")

    assert (posted.status, posted.text) == (200, "ok")
    assert await away.packets(3) == ["4one", "bAQID", "4three"]
    await away.post("4four")
    assert await session.packets(1) == ["4four"]


async def test_a_poll_through_another_process_waits_for_the_next_message(engines: tuple[Client, Client]) -> None:
    here, there = engines
    session = await here.poller()
    poll = await elsewhere(there, session).waiting()

    await session.post("4hello")

    assert (await poll).packets == ["4hello"]


@pytest.mark.parametrize("size", [2_000, MAX_PAYLOAD])
async def test_what_is_passed_on_is_compressed_only_for_those_who_ask(
    engines: tuple[Client, Client], size: int
) -> None:
    here, there = engines
    session = await here.poller()
    long = "4" + "x" * (size - 1)
    for accepted in ("gzip, deflate", "identity", None):
        assert (await elsewhere(there, session).post(long)).status == 200
        headers = {} if accepted is None else {"Accept-Encoding": accepted}
        line = await there.tcp()
        response = await line.request(f"{PATH}?{session.query}", {"Upgrade": None, "Connection": None, **headers})
        assert response.status == 200
        assert ("content-encoding" in response.headers) == (accepted == "gzip, deflate")


@pytest.mark.parametrize("sid", ["2.none", "1.none", "3.none", "99999999999999999999.none", "..", "x.1", "²."])
async def test_a_session_that_is_nobodys_is_refused(engines: tuple[Client, Client], sid: str) -> None:
    for client in engines:
        answer = await client.ask("GET", f"EIO=4&transport=polling&sid={sid}")
        assert answer.status == 400
        assert '"code":1' in answer.text


async def test_a_bad_payload_ends_the_session_through_any_process(engines: tuple[Client, Client]) -> None:
    here, there = engines
    session = await here.poller()

    assert (await elsewhere(there, session).post("abc")).status == 400
    await session.gone()
    await elsewhere(there, session).gone()


async def test_a_session_moves_to_a_websocket_that_came_to_another_process(engines: tuple[Client, Client]) -> None:
    here, there = engines
    session = await here.poller()
    await session.post("4before")
    socket = await there.websocket(session.sid)
    await socket.send("2probe")
    assert await socket.raw() == "3probe"
    long = "4" + "x" * 200_000

    await socket.send("5", "4hello", b"\x01\x02", long)

    assert await socket.packets(4) == ["4before", "4hello", b"\x01\x02", long]
    for client in engines:
        await elsewhere(client, session).gone()
        await client.closed_websocket(session.sid)
    await socket.send("4still here")
    assert await socket.packet() == "4still here"


async def test_frames_in_the_segment_of_a_request_to_another_process_are_not_lost(
    engines: tuple[Client, Client],
) -> None:
    here, there = engines
    session = await here.poller()
    wire = await there.tcp()
    query = f"{PATH}?EIO=4&transport=websocket&sid={session.sid}"

    response = await wire.request(query, behind=frame(TEXT, b"2probe"))

    assert response.status == 101
    assert await wire.message() == b"3probe"
    wire.send(frame(TEXT, b"5"), frame(TEXT, b"4hello"))
    assert await wire.message() == b"4hello"


async def test_a_bad_handshake_for_a_session_of_another_process_is_refused(engines: tuple[Client, Client]) -> None:
    here, there = engines
    session = await here.poller()
    wire = await there.tcp()
    query = f"{PATH}?EIO=4&transport=websocket&sid={session.sid}"

    assert (await wire.request(query, {"Sec-WebSocket-Key": None})).status == 400

    await session.post("4hello")
    assert await session.packets(1) == ["4hello"]


async def test_sessions_of_a_process_that_has_stopped_are_unknown() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with Sibling(Path(folder), 1) as here:
            async with Sibling(Path(folder), 2) as there:
                session = await there.poller()
                assert (await elsewhere(here, session).post("4hello")).status == 200
            async with asyncio.timeout(AT_ONCE):
                await elsewhere(here, session).gone()
                await here.refused_websocket(session.sid)
