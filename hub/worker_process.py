"""The worker as a process of its own: the durable road without sockets."""

import asyncio
import signal
from collections.abc import Callable

import structlog

from hub.bootstrap import Hub, bootstrap
from hub.garbage import collect_seldom
from hub.settings import Settings

log = structlog.get_logger()


async def run(settings: Settings, make: Callable[[Settings], Hub] = bootstrap) -> None:
    """Works until SIGTERM or SIGINT; `make` wires the objects."""
    hub = make(settings)
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    await hub.cluster.start()
    hub.wakes.follow()
    # Without Redis open sockets, which are elsewhere, would not hear of what the timers change.
    hub.worker.start(timers=bool(settings.redis_url))
    collect_seldom()
    log.info("worker.started")
    await stopping.wait()
    await hub.worker.stop()
    await hub.badges.stop()
    await hub.services.notices.stop()
    hub.wakes.stop()
    await hub.cluster.stop()
    await hub.database.connections.close()
    log.info("worker.stopped")
