"""Logs, structured, never with message bodies, tokens or contacts; and how late the event loop is."""

import asyncio
import logging
import sys

import structlog
from prometheus_client import Gauge

from hub.settings import Settings

QUIET = {
    "engineio": logging.ERROR,
    "socketio": logging.ERROR,
    "aiohttp.access": logging.WARNING,
    "alembic": logging.WARNING,
    "mail.log": logging.WARNING,
}
"""Loggers of libraries that would repeat what ours say, or say it for every packet."""


def configure_logging(settings: Settings) -> None:
    """Sets up structlog and the standard library's logging: JSON in production, readable lines in development."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Tracebacks without local variables: those hold message bodies and tokens, and printing them takes a second.
    render: structlog.typing.Processor = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    if settings.production:
        render = structlog.processors.JSONRenderer()
        transform = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        shared.append(structlog.processors.ExceptionRenderer(transform))
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[*shared, render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=level, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)


TICK_SECONDS = 0.05
TICKS_SHOWN = 20
loop_lag = Gauge("hub_loop_lag_seconds", "The latest that the event loop came to a timer within the last second")


class LoopLag:
    """Measures for how long the event loop is kept from its turn."""

    def __init__(self) -> None:
        self._due = 0.0
        self._worst: list[float] = []
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begins to measure."""
        loop = asyncio.get_running_loop()
        self._due = loop.time() + TICK_SECONDS
        self._timer = loop.call_at(self._due, self._tick)

    def stop(self) -> None:
        """Measures no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        late = max(0.0, asyncio.get_running_loop().time() - self._due)
        self._worst = [*self._worst[-TICKS_SHOWN + 1 :], late]
        loop_lag.set(max(self._worst))
        self.start()
