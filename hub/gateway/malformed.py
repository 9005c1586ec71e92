"""Malformed HTTP is the client's mistake: aiohttp answers it, and would also log each as an error with a traceback."""

import logging

import structlog
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError

log = structlog.get_logger()
CLIENTS_MISTAKES = (HttpProcessingError, RequestPayloadError, ConnectionError)


class OneLine(logging.Filter):
    """Turns such records into one informational line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be logged as it is."""
        error = record.exc_info[1] if record.exc_info else None
        if not isinstance(error, CLIENTS_MISTAKES):
            return True
        log.info("gateway.malformed_http", reason=type(error).__name__)
        return False


def quieten() -> None:
    """Attaches the filter to aiohttp's server, once."""
    logger = logging.getLogger("aiohttp.server")
    if not any(isinstance(each, OneLine) for each in logger.filters):
        logger.addFilter(OneLine())
