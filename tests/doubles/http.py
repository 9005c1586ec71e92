"""The ways in which a provider's HTTP API fails, for every double that has one."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Answer:
    """An answer that is given instead of the right one."""

    status: int
    body: Any = b""
    """Bytes as they are; anything else as JSON."""
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        if isinstance(self.body, bytes):
            return web.Response(status=self.status, body=self.body, headers=self.headers)
        return web.json_response(self.body, status=self.status, headers=self.headers)


async def at_once() -> None:
    """No delay."""


@dataclass
class HttpDouble(ABC):
    """A provider's server: the knobs, read at each request, and how it is reached.

    A subclass routes its paths with `routes` and passes each request through `served`, which takes what the request
    asks for and gives the right answer.
    """

    url: str = ""
    answers: deque[Answer] = field(default_factory=deque)
    """Given one a request, before anything is taken."""
    always: Answer | None = None
    """Given to every request, before anything is taken."""
    before: Callable[[], Awaitable[None]] = at_once
    """Awaited when a request has come and nothing was taken yet; a Gate stalls it here."""
    after: Callable[[], Awaitable[None]] = at_once
    """Awaited when it was taken and not answered yet; a Gate makes the client time out here."""
    cut: bool = False
    """Takes it, then drops the connection instead of answering."""
    garbage: bool = False
    """Takes it, and answers 200 with what no client can read."""
    requests: int = 0
    _runner: web.AppRunner | None = None

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """The paths that the provider serves."""

    async def served(self, request: web.Request, take: Callable[[], Awaitable[web.Response]]) -> web.Response:
        """The right answer of `take`, unless a knob says otherwise."""
        self.requests += 1
        await self.before()
        wrong = self.answers.popleft() if self.answers else self.always
        if wrong is not None:
            return wrong.response()
        answer = await take()
        await self.after()
        if self.cut and request.transport is not None:
            request.transport.abort()
        if self.garbage:
            return web.Response(status=200, body=b"\xff\x00<html>{")
        return answer

    @property
    def connections(self) -> int:
        """How many connections clients hold open."""
        server = self._runner.server if self._runner else None
        return len(server.connections) if server else 0

    async def vanish(self) -> None:
        """Stops listening and drops everyone; who asks now gets no connection."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Listens; gives the URL of its root."""
        app = web.Application(client_max_size=40 * 2**20)
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        try:
            yield self.url
        finally:
            await asyncio.sleep(0)
            await self.vanish()
