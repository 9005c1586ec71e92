"""The events that every peer answers, said once for both Python servers; `node/socketio.js` says the same for Node.

`join {rooms}`, `burst {room, n, first, body}` (n events `msg {i, body}` to the room, numbered from `first`), `echo`
(acks what it got), `stats {gc}` (longest block of the event loop since it was last asked, how much of it was our own
work, rooms, sockets).
"""

import argparse
import asyncio
import gc
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import jwt
import socketio
import uvloop
from aiohttp import web

TICK_SECONDS = 0.005
BACKLOG = 4096


class Ticker:
    """Sees how long the event loop was blocked: a tick that comes late was kept waiting.

    The processor's time of the wait is read too: on a busy machine a process may stand still for others' sake. It
    ticks from when it is first asked, so that it costs nothing where nobody asks.
    """

    def __init__(self) -> None:
        self._longest = 0.0
        self._busiest = 0.0
        self._last = self._last_cpu = 0.0
        self._loop: asyncio.AbstractEventLoop | None = None

    def _tick(self) -> None:
        now, cpu = time.perf_counter(), time.process_time()
        self._longest = max(self._longest, now - self._last - TICK_SECONDS)
        self._busiest = max(self._busiest, cpu - self._last_cpu)
        self._last, self._last_cpu = now, cpu
        if self._loop is not None:
            self._loop.call_later(TICK_SECONDS, self._tick)

    def longest_ms(self) -> tuple[float, float]:
        """Since it was last asked: the longest wait, and the most processor's time between two ticks."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._last, self._last_cpu = time.perf_counter(), time.process_time()
            self._tick()
        answer = self._longest * 1000, self._busiest * 1000
        self._longest = self._busiest = 0.0
        return answer


class Events:
    """The handlers, on a server with python-socketio's API; with a secret, whoever has no good token is refused.

    `counts` gives rooms and sockets.
    """

    def __init__(self, server: Any, *, secret: str | None, counts: Callable[[], tuple[int, int]]) -> None:
        self._server = server
        self._secret = secret
        self._counts = counts
        self._ticker = Ticker()
        for name in ("connect", "join", "burst", "echo", "stats"):
            server.on(name, handler=getattr(self, name))

    async def connect(self, _sid: str, _environ: Any, auth: Any = None) -> None:
        """Checks the token."""
        if self._secret is None:
            return
        token = (auth or {}).get("token", "")
        try:
            jwt.decode(token, self._secret, algorithms=["HS256"], options={"require": ["sub", "exp"]})
        except jwt.InvalidTokenError:
            raise socketio.exceptions.ConnectionRefusedError("auth.invalid") from None

    async def join(self, sid: str, payload: Any) -> Any:
        """Enters the rooms."""
        for room in payload["rooms"]:
            await self._server.enter_room(sid, room)
        return {"success": True}

    async def burst(self, _sid: str, payload: Any) -> Any:
        """Emits to a room, one event after the other."""
        body, first = payload["body"], payload["first"]
        for number in range(first, first + payload["n"]):
            await self._server.emit("msg", {"i": number, "body": body}, room=payload["room"])
        return {"success": True}

    async def echo(self, _sid: str, payload: Any) -> Any:
        """Acks what it got."""
        return payload

    async def stats(self, _sid: str, payload: Any) -> Any:
        """What the benchmarks ask about the inside."""
        if payload.get("gc"):
            gc.collect()
        rooms, sockets = self._counts()
        blocked, busy = self._ticker.longest_ms()
        return {"blocked_ms": blocked, "busy_ms": busy, "rooms": rooms, "sockets": sockets}


def main(make: Callable[[argparse.Namespace], tuple[Any, Callable[[], tuple[int, int]]]]) -> None:
    """Serves what `make` makes until SIGTERM: a server, and the function that counts its rooms and sockets."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--auth", action="store_true", help="Ask for a token signed with PEER_SECRET.")
    options = parser.parse_args()

    async def serve() -> None:
        stopping = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stopping.set)
        server, counts = make(options)
        Events(server, secret=os.environ.get("PEER_SECRET") if options.auth else None, counts=counts)
        app = web.Application()
        server.attach(app)
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", options.port, backlog=BACKLOG).start()
        print(f"listens on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        await stopping.wait()
        await runner.cleanup()

    uvloop.run(serve())
