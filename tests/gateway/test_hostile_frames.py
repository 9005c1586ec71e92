"""Hostile clients: floods of tiny frames, frames that are too large, and compressed bombs."""

import gzip
import random
import resource
import zlib

import aiohttp

from tests.gateway.hostile import Hostile, Pulse, freed, no_connections_but, request, text
from tests.gateway.neighbours import Neighbours
from tests.protocol.rfc6455 import BINARY, CONTINUATION, PING, PONG, TEXT, frame, head
from tests.running import RunningHub

KILOBYTES_PER_MEGABYTE = 1024
"""Of `ru_maxrss` on Linux."""


def peak_megabytes() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILOBYTES_PER_MEGABYTE


async def test_thousands_of_requests_in_a_moment_are_each_answered_once(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    wire = await hostile.connected("flooder")
    count = 3_000

    async with Pulse(of.creator):
        wire.send(*(request(number, "time.get", {}) for number in range(count)))
        answers = [await wire.message() for _ in range(count)]

    assert [answer[:12].split(b"[")[0] for answer in answers] == [b"43%d" % number for number in range(count)]
    assert 200 <= sum(b'"success":true' in answer for answer in answers) < count
    assert all(b"rate.limited" in answer for answer in answers if b'"success":true' not in answer)
    wire.abort()
    await of.live_on()


async def test_thousands_of_frames_that_say_nothing_harm_nobody(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    wire = await hostile.connected("flooder")

    async with Pulse(of.creator):
        for each in (text("3"), text("6"), frame(PING, b"x"), frame(PONG, b"x"), text("43999[]")):
            wire.send(each * 2_000)
            await wire.sent()
        wire.send(request(1, "time.get", {}))
        while not (await wire.frame()).payload.startswith(b"431["):
            pass

    wire.abort()
    await freed(edge, "flooder")
    await of.live_on()


async def test_endless_empty_fragments_end_the_connection(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    wire = await hostile.connected("flooder")
    before = peak_megabytes()

    async with Pulse(of.creator):
        wire.send(frame(TEXT, b"4", final=False))
        wire.send(frame(CONTINUATION, b"", final=False) * 100_000)
        assert await wire.end() == 1009

    assert peak_megabytes() - before < 50
    await freed(edge, "flooder")
    await of.live_on()


async def test_frames_of_a_megabyte_end_their_connections(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    before = peak_megabytes()

    async with Pulse(of.creator):
        for _ in range(10):
            for kind in (TEXT, BINARY):
                wire = await hostile.connected("large")
                wire.send(frame(kind, b"4" + b"x" * 1_000_000))
                assert await wire.end() == 1009

    assert peak_megabytes() - before < 100
    await freed(edge, "large")
    await of.live_on()


async def test_a_promise_of_much_keeps_nothing_in_memory(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    wires = [await hostile.connection() for _ in range(20)]
    before = peak_megabytes()

    for wire in wires:
        wire.send(head(TEXT, 100_000), b"\0\0\0\0", b"4 and then nothing")
        await wire.sent()

    assert peak_megabytes() - before < 20
    await of.live_on()
    for wire in wires:
        wire.abort()
    await no_connections_but(edge, 1)


async def test_a_compressed_bomb_in_a_frame_is_refused_unread(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    bomb = zlib.compress(b"\0" * 90_000_000)[2:-4]
    before = peak_megabytes()

    async with Pulse(of.creator):
        wire = await hostile.connected("bomber")
        wire.send(frame(TEXT, bomb, reserved=4))
        assert await wire.end() == 1002

    assert peak_megabytes() - before < 50
    await freed(edge, "bomber")
    await of.live_on()


async def test_a_compressed_bomb_in_a_post_is_refused_before_it_is_large(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    bomb = gzip.compress(b"4" + b"\0" * 90_000_000)
    assert len(bomb) < 100_000
    before = peak_megabytes()

    async with Pulse(of.creator):
        opened = await _asked(edge, "GET", "/socket.io/?EIO=4&transport=polling")
        sid = opened[1].partition('"sid":"')[2].partition('"')[0]
        status, _ = await _asked(edge, "POST", f"/socket.io/?EIO=4&transport=polling&sid={sid}", bomb)
        assert status in {400, 413, 415}
        status, _ = await _asked(edge, "PUT", "/api/v1/users/bomber", bomb)
        assert status in {400, 413, 415}

    assert peak_megabytes() - before < 50
    await of.live_on()


async def test_noise_ends_its_connection_and_nothing_else(edge: RunningHub, hostile: Hostile) -> None:
    of = await Neighbours(edge).begin()
    chance = random.Random(20)

    async with Pulse(of.creator):
        for number in range(60):
            wire = await hostile.connected("noisy")
            if number % 3 == 0:
                wire.send(chance.randbytes(chance.randrange(1, 3_000)))
            elif number % 3 == 1:
                for _ in range(20):
                    wire.send(frame(chance.choice((TEXT, BINARY)), chance.randbytes(chance.randrange(40))))
            else:
                letters = [chance.choice('0123456789[]{}",-/:ab\\ ') for _ in range(chance.randrange(60))]
                wire.send(text("4" + "".join(letters)), text('42["' + "".join(letters)))
            await wire.sent()
            wire.abort()

    await freed(edge, "noisy")
    await no_connections_but(edge, 1)
    await of.live_on()


async def _asked(hub: RunningHub, method: str, path: str, body: bytes | None = None) -> tuple[int, str]:
    """Status and text of the answer to a gzipped body."""
    headers = {"Content-Encoding": "gzip"} if body is not None else {}
    headers["Authorization"] = f"Bearer {hub.token('platform', 'service')}"
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, f"{hub.base}{path}", data=body, headers=headers) as response,
    ):
        return response.status, await response.text()
