"""Logs: structured, one line an event, never with message bodies, tokens or contacts."""

import logging
import sys

import structlog

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
