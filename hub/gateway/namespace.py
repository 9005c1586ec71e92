"""The one dispatcher of Socket.IO events: decode -> rate limit -> call -> exactly one ack, in the order of asking."""

import time
from typing import Any

import msgspec
from prometheus_client import Counter, Histogram

from hub.errors import RequestInvalid
from hub.gateway import frames
from hub.gateway.envelope import Failure, Success, as_hub_error, error_body, failure
from hub.gateway.handlers import HANDLERS, Handler
from hub.gateway.ratelimit import REQUESTS
from hub.gateway.services import Services
from hub.gateway.session import Session
from hub.ids import new_id

requests = Counter("hub_socket_requests_total", "Socket.IO requests by event and result code", ["event", "code"])
seconds = Histogram(
    "hub_socket_request_seconds",
    "From decoding a Socket.IO request to its ack",
    ["event"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)


class RequestError(msgspec.Struct, frozen=True):
    """What `request.error` carries: an event that came without an ack and was refused."""

    event: str | None
    error: Any


class Dispatcher:
    """Answers every request with exactly one ack.

    Handlers are reached through here alone, so a client that sends an event named `connect` or `disconnect` meets
    `request.invalid`, as with any other unknown name.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    async def dispatch(self, session: Session, ack_id: int | None, data: Any) -> None:
        """Handles one EVENT packet of a session. Never raises."""
        began = time.perf_counter()
        event = data[0] if isinstance(data, list) and data and isinstance(data[0], str) else None
        known = event if event in HANDLERS else "unknown"
        answer: Success | Failure
        try:
            answer = Success(await self._call(session, event, data, acked=ack_id is not None))
            requests.labels(known, "ok").inc()
        except Exception as error:
            answer = failure(error, where=f"socket:{known}")
            requests.labels(known, answer.error.code).inc()
        if ack_id is not None:
            session.send(frames.ack(ack_id, answer))
        elif isinstance(answer, Failure):
            session.emit("request.error", RequestError(event, answer.error))
        session.answered()
        seconds.labels(known).observe(time.perf_counter() - began)

    async def _call(self, session: Session, event: str | None, data: Any, *, acked: bool) -> Any:
        await self._services.limiter.take(REQUESTS, session.user_id)
        handler = _handler(event)
        if handler.ack_needed and not acked:
            raise RequestInvalid({"event": event, "reason": "this event needs an acknowledgement callback"})
        if len(data) > 2:  # noqa: PLR2004  (the event's name and one payload)
            raise RequestInvalid({"event": event, "reason": "an event has one payload"})
        payload = data[1] if len(data) > 1 and data[1] is not None else {}
        request = msgspec.convert(payload, handler.request)
        if handler.rule is not REQUESTS:
            await self._services.limiter.take(handler.rule, session.user_id)
        return await handler.call(self._services, session, request)


def _handler(event: str | None) -> Handler:
    handler = HANDLERS.get(event or "")
    if handler is None:
        raise RequestInvalid({"event": event, "reason": "there is no such event; /api.html lists them"})
    return handler


def refusal(error: Exception) -> dict[str, Any]:
    """The data of a CONNECT_ERROR packet: `message` is the code, `data` the whole error."""
    known = as_hub_error(error, where="socket:connect", request_id=new_id())
    return {"message": known.code, "data": msgspec.to_builtins(error_body(known))}
