"""RFC 6455, section 4: the request that asks for a WebSocket."""

from base64 import b64encode

import pytest

from tests.protocol.client import Client
from tests.protocol.rfc6455 import KEY, TEXT, accept_of, frame

PATH = "/engine.io/?EIO=4&transport=websocket"

GOOD: dict[str, dict[str, str | None]] = {
    "as a browser asks": {},
    "in capitals": {"Upgrade": "WebSocket", "Connection": "upgrade"},
    "beside keep-alive": {"Connection": "keep-alive, Upgrade"},
    "with another key": {"Sec-WebSocket-Key": b64encode(bytes(range(16))).decode()},
}
BAD: dict[str, tuple[dict[str, str | None], set[int]]] = {
    "no Upgrade": ({"Upgrade": None}, {400}),
    "another Upgrade": ({"Upgrade": "h2c"}, {400}),
    "no Connection": ({"Connection": None}, {400}),
    "a Connection of another kind": ({"Connection": "close"}, {400}),
    "no key": ({"Sec-WebSocket-Key": None}, {400}),
    "an empty key": ({"Sec-WebSocket-Key": ""}, {400}),
    "a key that is no base64": ({"Sec-WebSocket-Key": "*" * 24}, {400}),
    "a short key": ({"Sec-WebSocket-Key": "c2hvcnQ="}, {400}),
    "a long key": ({"Sec-WebSocket-Key": b64encode(bytes(32)).decode()}, {400}),
    "no version": ({"Sec-WebSocket-Version": None}, {400, 426}),
    "an old version": ({"Sec-WebSocket-Version": "8"}, {400, 426}),
    "a version that is no number": ({"Sec-WebSocket-Version": "x"}, {400, 426}),
}


@pytest.mark.parametrize("case", GOOD)
async def test_a_good_request_is_accepted(engine: Client, case: str) -> None:
    wire = await engine.tcp()

    response = await wire.request(PATH, GOOD[case])

    assert response.status == 101
    assert response.headers["upgrade"].lower() == "websocket"
    assert response.headers["connection"].lower() == "upgrade"
    assert response.headers["sec-websocket-accept"] == accept_of(GOOD[case].get("Sec-WebSocket-Key") or KEY)
    assert "content-length" not in response.headers
    opened = await wire.frame()
    assert (opened.opcode, opened.payload[:1]) == (TEXT, b"0")


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover, x-webkit-deflate-frame",
        "permessage-bzip2",
    ],
)
async def test_no_extension_is_taken_whatever_is_offered(engine: Client, offer: str) -> None:
    wire = await engine.tcp()

    response = await wire.request(PATH, {"Sec-WebSocket-Extensions": offer})

    assert response.status == 101
    assert "sec-websocket-extensions" not in response.headers
    assert (await wire.frame()).reserved == 0
    wire.send(frame(TEXT, b"4" + b"x" * 5000))
    echo = await wire.frame()
    assert (echo.reserved, echo.payload) == (0, b"4" + b"x" * 5000)


async def test_no_subprotocol_is_taken(engine: Client) -> None:
    wire = await engine.tcp()

    response = await wire.request(PATH, {"Sec-WebSocket-Protocol": "chat, superchat"})

    assert (response.status, response.headers.get("sec-websocket-protocol")) == (101, None)


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_request_is_refused(engine: Client, case: str) -> None:
    changes, statuses = BAD[case]
    wire = await engine.tcp()

    response = await wire.request(PATH, changes)

    assert response.status in statuses
    if response.status == 426:
        assert response.headers["sec-websocket-version"] == "13"


async def test_frames_in_the_segment_of_the_request_are_not_lost(engine: Client) -> None:
    # A client ought to wait for the answer (4.1), but nothing may depend on how TCP joins what it sends.
    wire = await engine.tcp()

    response = await wire.request(PATH, behind=frame(TEXT, b"4early") + frame(TEXT, b"4bird")[:5])

    assert response.status == 101
    assert (await wire.frame()).payload[:1] == b"0"
    assert await wire.message() == b"4early"
    wire.send(frame(TEXT, b"4bird")[5:])
    assert await wire.message() == b"4bird"


async def test_a_connection_that_was_used_for_requests_may_become_a_websocket(engine: Client) -> None:
    wire = await engine.tcp()
    for _ in range(2):
        ordinary = {"Upgrade": None, "Connection": "keep-alive"}
        assert (await wire.request("/engine.io/?EIO=4&transport=polling", ordinary)).status == 200
    assert (await wire.request(PATH, {"Sec-WebSocket-Key": None})).status == 400

    assert (await wire.request(PATH)).status == 101

    assert (await wire.frame()).payload[:1] == b"0"
    wire.send(frame(TEXT, b"4hello"))
    assert await wire.message() == b"4hello"


async def test_a_post_is_no_handshake(engine: Client) -> None:
    wire = await engine.tcp()

    response = await wire.request(PATH, {"Content-Length": "0"}, method="POST")

    assert response.status in {400, 405}


async def test_a_refused_request_leaves_no_session_behind(engine: Client) -> None:
    session = await engine.poller()
    wire = await engine.tcp()
    await wire.request(f"{PATH}&sid={session.sid}", {"Sec-WebSocket-Key": None})

    await session.post("4hello")
    assert await session.packets(1) == ["4hello"]
