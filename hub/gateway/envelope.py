"""The two shapes of every answer, on HTTP and in Socket.IO acks, and the one way from an exception to an error."""

from typing import Any

import msgspec
import structlog
from msgspec import UNSET, Struct, UnsetType

from hub.errors import HubError, RequestInvalid, RequestTooLarge, Unavailable
from hub.gateway.fields import BODY_BYTES
from hub.gateway.localization import localized
from hub.gateway.seldom import Seldom
from hub.ids import new_id
from persistence.engine import database_is_away

log = structlog.get_logger()


class Pagination(Struct, frozen=True):
    """Where the next page begins; null at the end."""

    next: str | None


class Metadata(Struct, frozen=True):
    """Beside the data of a list."""

    pagination: Pagination


class Success(Struct, frozen=True):
    """The request was carried out."""

    data: Any
    metadata: Metadata | UnsetType = UNSET
    success: bool = True


class LocalizedMessage(Struct, frozen=True):
    """One sentence in each language of the hub."""

    en: str
    fr: str
    ht: str


class ErrorBody(Struct, frozen=True):
    """What went wrong and what to do. `code` is stable; `retryable` says whether the same request may succeed later."""

    code: str
    message: str
    details: dict[str, Any]
    localized_message: LocalizedMessage
    retryable: bool
    retry_after_ms: int | None


class Failure(Struct, frozen=True):
    """The request was refused, or failed."""

    error: ErrorBody
    request_id: str
    success: bool = False


def error_body(error: HubError) -> ErrorBody:
    """The error as clients see it."""
    return ErrorBody(
        code=error.code,
        message=error.message,
        details=dict(error.details),
        localized_message=LocalizedMessage(**localized(error)),
        retryable=error.retryable,
        retry_after_ms=error.retry_after_ms,
    )


RETRY_MS = 1_000
_away = Seldom("database.away")
"""Says it once in a while: when the database is away, every request fails alike."""


def as_hub_error(error: Exception, *, where: str, request_id: str) -> HubError:
    """Any exception as a HubError. What we did not foresee is logged with its traceback and shown as internal.error."""
    if isinstance(error, HubError):
        return error
    if isinstance(error, msgspec.DecodeError):  # a ValidationError is one too
        return RequestInvalid({"reason": str(error)})
    if database_is_away(error):
        _away.say(where=where, error=f"{type(error).__name__}: {error}"[:200])
        return Unavailable(retry_after_ms=RETRY_MS)
    log.error("request.failed", where=where, request_id=request_id, error=type(error).__name__, exc_info=error)
    return HubError()


def failure(error: Exception, *, where: str, request_id: str | None = None) -> Failure:
    """The failing answer for any exception."""
    known_as = request_id or new_id()
    return Failure(error_body(as_hub_error(error, where=where, request_id=known_as)), known_as)


def check_text(field: str, text: str) -> str:
    """`text`, if it can be stored and shown: within the limit, not blank, no NUL. Raises a HubError."""
    size = len(text.encode("utf-8", "replace"))
    if size > BODY_BYTES:
        raise RequestTooLarge({"field": field, "limit": BODY_BYTES, "size": size})
    if not text.strip():
        raise RequestInvalid({"field": field, "reason": "it is blank"})
    if "\x00" in text:
        raise RequestInvalid({"field": field, "reason": "it holds a NUL character"})
    try:
        text.encode()
    except UnicodeEncodeError:
        raise RequestInvalid({"field": field, "reason": "it holds half of a surrogate pair"}) from None
    return text
