"""The gateway process: HTTP, Socket.IO, pages, and by default the worker beside them; and how it stops."""

import asyncio
import random
import resource
import signal
from collections.abc import Callable

import structlog
from aiohttp import web

from hub.bootstrap import Hub, origins
from hub.garbage import collect_seldom
from hub.gateway import wire
from hub.gateway.cors import cors
from hub.gateway.fields import FRAME_BYTES
from hub.gateway.malformed import quieten
from hub.gateway.pages import add_headers, add_pages
from hub.gateway.rest.app import add_routes, errors
from hub.gateway.rest.operations import add_operations
from hub.gateway.rest.webhooks import Webhooks
from hub.gateway.siblings import Siblings
from hub.notifications.replies import Replies
from hub.notifications.reports import Reports
from hub.observability import LoopLag

log = structlog.get_logger()

RECONNECT_SPREAD_MS = 3_000
"""Clients of a stopping server come back within this, each at its own moment."""
CLOSE_BATCH = 100
BACKLOG = 4_096
"""Connections that may wait to be accepted: thousands come back at once after a restart elsewhere."""


def raise_file_limit() -> None:
    """Lets this process hold as many sockets as the system allows it to; the usual soft limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def build_app(hub: Hub) -> web.Application:
    """The aiohttp application of a hub."""
    quieten()
    app = web.Application(middlewares=[cors(origins(hub.settings)), errors], client_max_size=FRAME_BYTES)
    app.on_response_prepare.append(add_headers)
    add_routes(app, hub.services)
    Webhooks(hub.services, Reports(hub.database), Replies(hub.database)).attach(app)
    add_operations(app, hub.services, hub.admission)
    add_pages(app, hub.services.unsubscriber)
    hub.server.attach(app)
    password = hub.settings.admin_password.get_secret_value()
    if password:
        hub.server.instrument(auth={"username": "admin", "password": password}, mode="production", read_only=True)
    return app


class Gateway:
    """A running gateway."""

    def __init__(self, hub: Hub, *, with_worker: bool, siblings: Siblings | None = None) -> None:
        self._hub = hub
        self._with_worker = with_worker
        self._siblings = siblings
        self._runner = web.AppRunner(build_app(hub), access_log=None, handle_signals=False, shutdown_timeout=2)
        self._lag = LoopLag()
        self.address: tuple[str, int] = ("", 0)

    async def start(self, host: str, port: int) -> None:
        """Listens; with port 0 the system chooses one, see `address`."""
        hub = self._hub
        await hub.cluster.start()
        if self._with_worker:
            hub.wakes.follow()
        await self._runner.setup()
        site = web.TCPSite(
            self._runner, host, port, reuse_address=True, reuse_port=self._siblings is not None, backlog=BACKLOG
        )
        if self._siblings is not None:
            hub.server.eio.join_siblings(self._siblings)
            await self._siblings.start(self._runner)
        await site.start()
        self.address = next(each[:2] for each in self._runner.addresses if isinstance(each, tuple))  # no Unix socket
        # In a cluster the worker's process has the timers; its changes reach the sockets by the bus.
        timers = self._with_worker or not hub.settings.redis_url
        hub.worker.start(durable=self._with_worker, timers=timers)
        self._lag.start()
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
        if self._siblings is not None:
            await self._siblings.stop()
        await self._runner.cleanup()
        await hub.server.shutdown()
        await hub.services.audience.stop()
        hub.wakes.stop()
        await hub.cluster.stop()
        await hub.database.connections.close()
        self._lag.stop()
        log.info("gateway.stopped")

    async def _commit_what_is_in_flight(self) -> None:
        hub = self._hub
        try:
            async with asyncio.timeout(hub.settings.drain_seconds):
                await asyncio.gather(hub.services.sender.stop(), hub.services.receipts.stop())
                await hub.badges.stop()  # the last sends were told of just now
                await hub.services.notices.stop()
        except TimeoutError:
            log.warning("gateway.database_does_not_answer")

    async def _flushed(self) -> None:
        """Until every queue is written out, or the time is up."""
        await self._until(lambda: all(session.outbox.empty for session in self._hub.server.sessions))

    async def _gone(self) -> None:
        await self._until(lambda: self._hub.server.idle)

    async def _until(self, done: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(self._hub.settings.drain_seconds / 2):
                while not done():  # noqa: ASYNC110  (many queues, one short wait at the end of a process)
                    await asyncio.sleep(0.01)
        except TimeoutError:
            log.warning("gateway.drain_timed_out", sessions=len(self._hub.server.sessions))


async def serve(
    hub: Hub,
    host: str,
    port: int,
    *,
    with_worker: bool,
    on_ready: Callable[[Gateway], None],
    siblings: Siblings | None = None,
) -> None:
    """Runs a gateway until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    gateway = Gateway(hub, with_worker=with_worker, siblings=siblings)
    await gateway.start(host, port)
    collect_seldom()
    on_ready(gateway)
    await stopping.wait()
    await gateway.stop()
