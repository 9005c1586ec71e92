"""The pool of connections to a provider, and whether a request can be out when something fails."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from hub.channels.http_pool import AnswerLost, HttpPool, NotSent, retry_after
from tests.doubles.http import Answer, HttpDouble

DATE = "Sat, 21 Nov 2026 07:00:00 GMT"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Plain(HttpDouble):
    def routes(self) -> list[web.RouteDef]:
        return [web.post("/", self._post)]

    async def _post(self, request: web.Request) -> web.Response:
        async def take() -> web.Response:
            return web.Response(text=await request.text())

        return await self.served(request, take)


@pytest.fixture
async def pool() -> AsyncIterator[HttpPool]:
    made = HttpPool(0.3)
    yield made
    await made.close()


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[str]:
    """A server that does with each connection what the test wants."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
    finally:
        listening.close()


async def test_an_answer_comes_back_whole(pool: HttpPool) -> None:
    async with (double := Plain()).running() as url:
        double.answers.append(Answer(418, b"short", {"X-Odd": "1"}))
        reply = await pool.request("POST", f"{url}/", data=b"hello")
        again = await pool.request("POST", f"{url}/", data=b"hello")

    assert (reply.status, reply.text, reply.headers["X-Odd"], reply.ok) == (418, "short", "1", False)
    assert (again.status, again.text, again.ok) == (200, "hello", True)


async def test_a_redirect_is_an_answer_and_is_not_followed(pool: HttpPool) -> None:
    async with (double := Plain()).running() as url:
        double.always = Answer(307, b"", {"Location": f"{url}/"})

        assert (await pool.request("POST", f"{url}/", data=b"secret")).status == 307

    assert double.requests == 1


async def test_a_host_without_address_got_nothing(pool: HttpPool) -> None:
    with pytest.raises(NotSent):
        await pool.request("POST", "http://nowhere.invalid/")


async def test_what_is_no_url_got_nothing(pool: HttpPool) -> None:
    with pytest.raises(NotSent):
        await pool.request("POST", "not a url")


async def test_a_server_that_says_nothing_may_have_got_it(pool: HttpPool) -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with server(silent) as url:
        with pytest.raises(AnswerLost, match="TimeoutError after sending"):
            await pool.request("POST", url, data=b"hello")


async def test_a_server_that_trickles_may_have_got_it(pool: HttpPool) -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.02)

    async with server(trickle) as url:
        with pytest.raises(AnswerLost):
            await pool.request("POST", url, data=b"hello")


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
)
async def test_a_server_that_speaks_nonsense_may_have_got_it(pool: HttpPool, answer: bytes) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)

    async with server(nonsense) as url:
        with pytest.raises(AnswerLost):
            await pool.request("POST", url, data=b"hello")


async def test_an_endless_answer_is_given_up(pool: HttpPool) -> None:
    async with (double := Plain()).running() as url:
        double.always = Answer(200, b"x" * 1_000_000)

        with pytest.raises(AnswerLost):
            await pool.request("POST", f"{url}/")


async def test_a_closed_pool_can_be_used_again(pool: HttpPool) -> None:
    async with Plain().running() as url:
        await pool.request("POST", f"{url}/")
        await pool.close()

        assert (await pool.request("POST", f"{url}/")).ok


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "12"}, 12.0),
        ({"Retry-After": " 0 "}, 0.0),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "1.5"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "٣"}, None),
        ({"Retry-After": "9" * 400}, 999_999_999.0),
        ({"Retry-After": "Sat, 21 Nov 2026 07:00:30 GMT", "Date": DATE}, 30.0),
        ({"Retry-After": "Sat, 21 Nov 2026 06:00:00 GMT", "Date": DATE}, 0.0),
        ({"Retry-After": "Sat, 21 Nov 2026 07:00:30 GMT"}, None),
        ({"Retry-After": "Sat, 21 Nov 2026 07:00:30", "Date": DATE}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
