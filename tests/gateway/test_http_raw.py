"""HTTP below the level of a client library: broken bodies, broken requests, people who hang up."""

import asyncio
from urllib.parse import urlsplit

import pytest

from tests.running import PATIENCE, RunningHub

BROKEN: dict[str, tuple[str, bytes, set[int]]] = {
    "chunks of garbage": ("Transfer-Encoding: chunked", b"zz\r\ngarbage\r\n", {400}),
    "oversized chunks": ("Transfer-Encoding: chunked", b"30d40\r\n" + b"x" * 200_000 + b"\r\n0\r\n\r\n", {413}),
    "a promise of too much": ("Content-Length: 99999999", b"", {413}),
    "a negative length": ("Content-Length: -1", b"", {400}),
    "half a body, then gone": ("Content-Length: 1000", b'{"display_name"', {0, 400}),
}


async def answer(hub: RunningHub, request: bytes, *, hang_up: bool = False) -> int:
    """The status that a request of these bytes gets; 0 when the connection just ends."""
    where = urlsplit(hub.base)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(request)
    if hang_up:
        writer.write_eof()
    async with asyncio.timeout(PATIENCE):
        try:
            line = await reader.readline()
        except ConnectionResetError:
            line = b""
    writer.close()
    return int(line.split()[1]) if line else 0


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_body_is_refused_quietly(edge: RunningHub, name: str) -> None:
    header, body, statuses = BROKEN[name]
    token = edge.token("platform", "service")
    head = f"PUT /api/v1/users/fan HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {token}\r\n{header}\r\n\r\n"

    assert await answer(edge, head.encode() + body, hang_up=0 in statuses) in statuses
    assert (await edge.http("GET", "/api/v1/users/fan"))[0] == 404


@pytest.mark.parametrize(
    "request_line",
    [b"\x00\xff garbage\r\n\r\n", b"GET\r\n\r\n", b"GET /" + b"x" * 20_000],
    ids=["bytes", "half", "long"],
)
async def test_what_is_no_http_is_refused_quietly(edge: RunningHub, request_line: bytes) -> None:
    assert await answer(edge, request_line) in {0, 400}
    assert (await edge.http("GET", "/healthz", token=""))[0] == 200
