"""`python -m loadtests.peers.provider`: stands in for SendGrid and for push services: takes everything after a while.

It notes which message came when, on the clock that all processes of a machine share, and costs next to nothing, so that
the figures are those of who sends. `GET /seen?from=N` tells what came from the Nth on, `GET /sample` is the last body.
"""

import argparse
import asyncio
import re
import signal
import time
from typing import cast

import msgspec
import uvloop

from loadtests.provider import Seen

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
NAME = re.compile(rb'"notification_id": ?"([^"]+)"')
"""Where an e-mail of ours carries its notification's id; a push message is known by its endpoint instead."""
BACKLOG = 1_024


class Seeing:
    """What came, in its order."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.sample = b""

    def note(self, path: bytes, body: bytes) -> int:
        """The number of this request."""
        found = NAME.search(body)
        self.seen.append(Seen((path if found is None else found[1]).decode(), time.monotonic()))
        self.sample = body
        return len(self.seen)

    def tell(self, path: bytes) -> bytes:
        """What is asked for."""
        if path.startswith(b"/sample"):
            return self.sample
        first = int(path.partition(b"from=")[2] or 0)
        return msgspec.json.encode(self.seen[first:]) if path.startswith(b"/seen") else b"%d" % len(self.seen)


class Exchange(asyncio.Protocol):
    """One connection; a client sends the next request when it has the answer to the last."""

    def __init__(self, seeing: Seeing, seconds: float) -> None:
        self._seeing = seeing
        self._seconds = seconds
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one, but does not inherit it

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._buffer += data
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        found = LENGTH.search(head)
        length = int(found[1]) if found else 0
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        method, path, _ = head.split(b" ", 2)
        if method == b"GET":
            self._answer(b"200 OK", self._seeing.tell(path))
            return
        number = self._seeing.note(path, rest[:length])
        status = b"202 Accepted\r\nX-Message-Id: m%d" % number if path == b"/v3/mail/send" else b"201 Created"
        asyncio.get_running_loop().call_later(self._seconds, self._answer, status, b"")

    def _answer(self, status: bytes, body: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))


async def serve(seconds: float) -> None:
    """Until SIGTERM."""
    loop, stopping, seeing = asyncio.get_running_loop(), asyncio.Event(), Seeing()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    server = await loop.create_server(lambda: Exchange(seeing, seconds), "127.0.0.1", 0, backlog=BACKLOG)
    print(f"listens on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await stopping.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=0.02, help="How long each answer takes.")
    uvloop.run(serve(parser.parse_args().seconds))
