"""Every error that a client can see: one class a code, the docstring is its message.

A subclass names its `code` (stable, dotted), its HTTP `status`, and whether the same request may succeed later.
`details` says what exactly was wrong; it never holds message bodies or secrets.
"""

from collections.abc import Mapping
from inspect import getdoc
from typing import Any, ClassVar

Details = Mapping[str, Any]


class HubError(Exception):
    """Something went wrong on our side. It was logged; please try again."""

    code: ClassVar[str] = "internal.error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = True

    def __init__(self, details: Details | None = None, *, retry_after_ms: int | None = None) -> None:
        super().__init__(self.code)
        self.details: Details = details or {}
        self.retry_after_ms = retry_after_ms

    @property
    def message(self) -> str:
        """The English text; other languages are in `hub/gateway/localization.py`."""
        return getdoc(type(self)) or self.code


class AuthInvalid(HubError):
    """The token is missing or not valid. Sign in again."""

    code, status, retryable = "auth.invalid", 401, False


class AuthExpired(HubError):
    """The token has expired. Fetch a new one and connect again."""

    code, status, retryable = "auth.expired", 401, False


class AuthRevoked(HubError):
    """Your sessions were ended. Sign in again."""

    code, status, retryable = "auth.revoked", 401, False


class AuthUnavailable(HubError):
    """Tokens cannot be checked right now: their issuer does not answer. Try again shortly."""

    code, status, retryable = "auth.unavailable", 503, True


class Unavailable(HubError):
    """The service cannot answer right now; the request may have been carried out or not. Sending it again is safe."""

    code, status, retryable = "service.unavailable", 503, True


class AccessDenied(HubError):
    """Your role does not allow this."""

    code, status, retryable = "access.denied", 403, False


class RequestInvalid(HubError):
    """The request is not understood. `details` names the field and the reason."""

    code, status, retryable = "request.invalid", 400, False


class RequestTooLarge(HubError):
    """The request is too large. `details.limit` is the greatest size in bytes."""

    code, status, retryable = "request.too_large", 413, False


class RouteNotFound(HubError):
    """There is nothing at this address. `/api.html` lists the routes."""

    code, status, retryable = "request.not_found", 404, False


class MethodNotAllowed(HubError):
    """This address does not take this HTTP method. `details.allowed` lists those it takes."""

    code, status, retryable = "request.method_not_allowed", 405, False


class RateLimited(HubError):
    """Too many requests. Wait for `retry_after_ms`, then go on."""

    code, status, retryable = "rate.limited", 429, True


class UserNotFound(HubError):
    """There is no such user."""

    code, status, retryable = "user.not_found", 404, False


class ConversationNotFound(HubError):
    """There is no such conversation, or you do not take part in it."""

    code, status, retryable = "conversation.not_found", 404, False


class ConversationClosed(HubError):
    """This conversation does not take messages now. `details.reason` says why; its history stays readable."""

    code, status, retryable = "conversation.closed", 403, False


class SlowMode(HubError):
    """This room is in slow mode. Wait for `retry_after_ms`, then send your next message."""

    code, status, retryable = "live.slow_mode", 429, True


class MessageNotFound(HubError):
    """There is no such message in this conversation."""

    code, status, retryable = "message.not_found", 404, False


class MessageConflict(HubError):
    """This client_message_id was already used here for another message. Use a new id for a new message."""

    code, status, retryable = "message.conflict", 409, False


class MessageFixed(HubError):
    """This message cannot be changed any more: it was deleted."""

    code, status, retryable = "message.deleted", 409, False


class NotificationNotFound(HubError):
    """There is no such notification, or it is another person's."""

    code, status, retryable = "notification.not_found", 404, False


class UnsubscribeInvalid(HubError):
    """This unsubscribe link is not one of ours, or it is damaged. Open it again from the message."""

    code, status, retryable = "unsubscribe.invalid", 404, False


class TemplateNotFound(HubError):
    """There is no such template, or no such version of it."""

    code, status, retryable = "template.not_found", 404, False


class EventNotFound(HubError):
    """There is no such event."""

    code, status, retryable = "event.not_found", 404, False


class WebhookRefused(HubError):
    """This call was not signed by the provider that it is for. Check the keys on both sides."""

    code, status, retryable = "webhook.refused", 403, False


class DeadLetterNotFound(HubError):
    """There is no dead letter of this kind and id; it may have been replayed already."""

    code, status, retryable = "dead.not_found", 404, False


class IdempotencyConflict(HubError):
    """This Idempotency-Key was already used with another body. Use a new key for a new request."""

    code, status, retryable = "idempotency.conflict", 422, False


class Draining(HubError):
    """This server is about to stop. Connect again; another one will answer."""

    code, status, retryable = "server.draining", 503, True


def all_errors(root: type[HubError] = HubError) -> list[type[HubError]]:
    """Every error class with its own code, for the documents and the tests."""
    return [root, *(error for child in root.__subclasses__() for error in all_errors(child))]
