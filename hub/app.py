"""The gateway process: HTTP, Socket.IO, pages, and by default the worker beside them; and how it stops."""

import asyncio
import random
import signal
from collections.abc import Callable

import structlog
from aiohttp import web

from hub.bootstrap import Hub, origins
from hub.gateway import wire
from hub.gateway.cors import cors
from hub.gateway.fields import FRAME_BYTES
from hub.gateway.malformed import quieten
from hub.gateway.pages import add_headers, add_pages
from hub.gateway.rest.app import add_routes, errors
from hub.gateway.rest.operations import add_operations

log = structlog.get_logger()

RECONNECT_SPREAD_MS = 3_000
"""Clients of a stopping server come back within this, each at its own moment."""
CLOSE_BATCH = 100


def build_app(hub: Hub) -> web.Application:
    """The aiohttp application of a hub."""
    quieten()
    app = web.Application(middlewares=[cors(origins(hub.settings)), errors], client_max_size=FRAME_BYTES)
    app.on_response_prepare.append(add_headers)
    add_routes(app, hub.services)
    add_operations(app, hub.services, hub.admission)
    add_pages(app)
    hub.server.attach(app)
    return app


class Gateway:
    """A running gateway."""

    def __init__(self, hub: Hub, *, with_worker: bool) -> None:
        self._hub = hub
        self._with_worker = with_worker
        self._runner = web.AppRunner(build_app(hub), access_log=None, handle_signals=False, shutdown_timeout=2)
        self.address: tuple[str, int] = ("", 0)

    async def start(self, host: str, port: int) -> None:
        """Listens; with port 0 the system chooses one, see `address`."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, reuse_address=True)
        await site.start()
        self.address = self._runner.addresses[0][:2]
        self._hub.worker.start(durable=self._with_worker)
        log.info("gateway.started", host=self.address[0], port=self.address[1], worker=self._with_worker)

    async def stop(self) -> None:
        """Drains: tells the sockets, commits and acks what is in flight, closes in batches, stops."""
        hub = self._hub
        hub.admission.draining = True
        for session in hub.server.sessions:
            session.emit("session.draining", wire.SessionDraining(random.randint(0, RECONNECT_SPREAD_MS)))  # noqa: S311
        await self._commit_what_is_in_flight()
        await self._flushed()
        for index, session in enumerate(hub.server.sessions):
            hub.admission.dismiss(session, "draining")
            if index % CLOSE_BATCH == CLOSE_BATCH - 1:
                await asyncio.sleep(0.05)
        await self._gone()
        await hub.worker.stop()
        await self._runner.cleanup()
        await hub.server.shutdown()
        await hub.database.connections.close()
        log.info("gateway.stopped")

    async def _commit_what_is_in_flight(self) -> None:
        hub = self._hub
        try:
            async with asyncio.timeout(hub.settings.drain_seconds):
                await asyncio.gather(hub.services.sender.stop(), hub.services.receipts.stop(), hub.badges.stop())
        except TimeoutError:
            log.warning("gateway.database_does_not_answer")

    async def _flushed(self) -> None:
        """Until every queue is written out, or the time is up."""
        await self._until(lambda: all(session.socket.queue.empty() for session in self._hub.server.sessions))

    async def _gone(self) -> None:
        await self._until(lambda: not self._hub.server.sessions)

    async def _until(self, done: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(self._hub.settings.drain_seconds / 2):
                while not done():  # noqa: ASYNC110  (many queues, one short wait at the end of a process)
                    await asyncio.sleep(0.01)
        except TimeoutError:
            log.warning("gateway.drain_timed_out", sessions=len(self._hub.server.sessions))


async def serve(hub: Hub, host: str, port: int, *, with_worker: bool, on_ready: Callable[[Gateway], None]) -> None:
    """Runs a gateway until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    gateway = Gateway(hub, with_worker=with_worker)
    await gateway.start(host, port)
    on_ready(gateway)
    await stopping.wait()
    await gateway.stop()
