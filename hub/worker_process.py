"""The worker as a process of its own: the durable road without sockets."""

import asyncio
import signal

import structlog

from hub.bootstrap import bootstrap
from hub.settings import Settings

log = structlog.get_logger()


async def run(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT."""
    hub = bootstrap(settings)
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    await hub.cluster.start()
    # Without Redis open sockets, which are elsewhere, would not hear of what the timers change.
    hub.worker.start(timers=bool(settings.redis_url))
    log.info("worker.started")
    await stopping.wait()
    await hub.worker.stop()
    await hub.badges.stop()
    await hub.cluster.stop()
    await hub.database.connections.close()
    log.info("worker.stopped")
