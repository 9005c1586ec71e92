"""Engine.IO 4, opening a session: the open packet, and what is refused with which code."""

import json
from typing import Any

import aiohttp
import pytest

from tests.protocol.client import Client
from tests.protocol.serving import MAX_PAYLOAD, PING_SECONDS, PONG_SECONDS

TIMES = {"pingInterval": PING_SECONDS * 1000, "pingTimeout": PONG_SECONDS * 1000, "maxPayload": MAX_PAYLOAD}
UNKNOWN_TRANSPORT, UNKNOWN_SID, BAD_METHOD, BAD_REQUEST, FORBIDDEN, BAD_VERSION = range(6)
"""The codes of the reference server."""

REFUSED: dict[str, tuple[str, str, int]] = {
    "no protocol version": ("GET", "transport=polling", BAD_VERSION),
    "an old protocol version": ("GET", "EIO=3&transport=polling", BAD_VERSION),
    "a version that is no number": ("GET", "EIO=abc&transport=polling", BAD_VERSION),
    "no transport": ("GET", "EIO=4", UNKNOWN_TRANSPORT),
    "an unknown transport": ("GET", "EIO=4&transport=pigeon", UNKNOWN_TRANSPORT),
    "a POST that opens": ("POST", "EIO=4&transport=polling", BAD_METHOD),
    "a PUT that opens": ("PUT", "EIO=4&transport=polling", BAD_METHOD),
    "a session that is none": ("GET", "EIO=4&transport=polling&sid=none", UNKNOWN_SID),
    "a POST to a session that is none": ("POST", "EIO=4&transport=polling&sid=none", UNKNOWN_SID),
    "a WebSocket that is a plain request": ("GET", "EIO=4&transport=websocket", BAD_REQUEST),
}
REFUSED_WEBSOCKETS = (
    "transport=websocket",
    "EIO=3&transport=websocket",
    "EIO=abc&transport=websocket",
    "EIO=4",
    "EIO=4&transport=pigeon",
    "EIO=4&transport=websocket&sid=none",
)


def assert_handshake(opened: dict[str, Any], upgrades: list[str]) -> None:
    assert opened == {"sid": opened["sid"], "upgrades": upgrades, **TIMES}
    assert isinstance(opened["sid"], str)
    assert len(opened["sid"]) >= 16  # whoever guesses it has the session


async def test_polling_opens_a_session(engine: Client) -> None:
    opened = await engine.ask("GET", "EIO=4&transport=polling")

    assert opened.headers["Content-Type"].lower() == "text/plain; charset=utf-8"
    (packet,) = opened.packets
    assert packet[0] == "0"
    assert_handshake(json.loads(packet[1:]), ["websocket"])


async def test_websocket_opens_a_session_that_has_nothing_to_upgrade_to(engine: Client) -> None:
    assert_handshake((await engine.websocket()).handshake, [])


async def test_every_session_has_an_id_of_its_own(engine: Client) -> None:
    sids = {(await engine.poller()).sid for _ in range(10)} | {(await engine.websocket()).handshake["sid"]}
    assert len(sids) == 11


@pytest.mark.parametrize("case", REFUSED)
async def test_a_bad_request_is_refused_with_the_code_of_its_mistake(engine: Client, case: str) -> None:
    method, query, code = REFUSED[case]

    answer = await engine.ask(method, query)

    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("application/json")
    error = json.loads(answer.text)
    assert error["code"] == code
    assert isinstance(error["message"], str)
    assert error["message"]


@pytest.mark.parametrize("query", REFUSED_WEBSOCKETS)
async def test_a_websocket_with_a_bad_query_is_refused(engine: Client, query: str) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await engine.http.ws_connect(f"{engine.path}?{query}")

    assert refused.value.status == 400


async def test_pages_of_allowed_origins_may_read_the_answers(engine: Client) -> None:
    asked = await engine.ask("OPTIONS", "EIO=4&transport=polling", Origin="https://shop.example")
    opened = await engine.ask("GET", "EIO=4&transport=polling", Origin="https://shop.example")

    assert asked.status in {200, 204}
    assert opened.headers["Access-Control-Allow-Origin"] in {"*", "https://shop.example"}
