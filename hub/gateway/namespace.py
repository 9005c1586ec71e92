"""The one dispatcher of Socket.IO events: decode -> rate limit -> call -> exactly one ack, in the order of asking."""

import time
from typing import Any

import msgspec
from prometheus_client import Counter, Histogram

from hub.errors import RequestInvalid
from hub.gateway import frames
from hub.gateway.eager import Work
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


NULL = b"null"
_split = msgspec.json.Decoder(tuple[str, msgspec.Raw]).decode
"""The usual event: its name and one payload, which is left as it came."""
_as_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_as_any = msgspec.json.Decoder().decode


class _Known:
    """A handler with all that is looked up for each of its requests."""

    __slots__ = ("call", "decode", "handler", "name", "ok", "seconds")

    def __init__(self, name: str, handler: Handler) -> None:
        self.name = name
        self.handler = handler
        self.call = handler.call
        self.decode = msgspec.json.Decoder(handler.request).decode
        self.ok = requests.labels(name, "ok")
        self.seconds = seconds.labels(name)


class Dispatcher:
    """Answers every request with exactly one ack.

    Handlers are reached through here alone, so a client that sends an event named `connect` or `disconnect` meets
    `request.invalid`, as with any other unknown name.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._known = {name: _Known(name, handler) for name, handler in HANDLERS.items()}
        self._unknown_seconds = seconds.labels("unknown")

    def dispatch(self, session: Session, ack_id: int | None, text: str) -> Work:
        """What is to be done about an event, given as JSON text `["name",payload]`. ValueError when it is no JSON."""
        event: str | None
        payload: msgspec.Raw | bytes
        try:
            event, payload = _split(text)
            surplus = False
        except msgspec.DecodeError:  # also when it has another shape
            event, payload, surplus = _other_shape(text)
        return self._handle(session, ack_id, event, payload, surplus=surplus)

    async def _handle(
        self, session: Session, ack_id: int | None, event: str | None, payload: msgspec.Raw | bytes, *, surplus: bool
    ) -> None:
        began = time.perf_counter()
        known = self._known.get(event or "")
        answer: Success | Failure
        try:
            answer = Success(
                await self._call(session, known, event, payload, acked=ack_id is not None, surplus=surplus)
            )
            known.ok.inc()  # type: ignore[union-attr]  # unknown events raise
        except Exception as error:
            name = known.name if known is not None else "unknown"
            answer = failure(error, where=f"socket:{name}")
            requests.labels(name, answer.error.code).inc()
        self._answer(session, ack_id, event, answer)
        session.answered()
        (known.seconds if known is not None else self._unknown_seconds).observe(time.perf_counter() - began)

    async def refuse(self, session: Session, ack_id: int | None, event: Any) -> None:
        """Answers what is no plain event: without a name, or with binary attachments."""
        name = event if isinstance(event, str) else None
        error = RequestInvalid({"event": name, "reason": "an event is a name and one payload of JSON"})
        answer = failure(error, where="socket:odd")
        requests.labels("unknown", answer.error.code).inc()
        self._answer(session, ack_id, name, answer)

    @staticmethod
    def _answer(session: Session, ack_id: int | None, event: str | None, answer: Success | Failure) -> None:
        if ack_id is not None:
            session.send(frames.ack(ack_id, answer))
        elif isinstance(answer, Failure):
            session.emit("request.error", RequestError(event, answer.error))

    async def _call(
        self,
        session: Session,
        known: _Known | None,
        event: str | None,
        payload: msgspec.Raw | bytes,
        *,
        acked: bool,
        surplus: bool,
    ) -> Any:
        await self._services.limiter.take(REQUESTS, session.user_id)
        if known is None:
            raise RequestInvalid({"event": event, "reason": "there is no such event; /api.html lists them"})
        handler = known.handler
        if handler.ack_needed and not acked:
            raise RequestInvalid({"event": event, "reason": "this event needs an acknowledgement callback"})
        if surplus:
            raise RequestInvalid({"event": event, "reason": "an event has one payload"})
        request = known.decode(b"{}" if len(payload) == len(NULL) and bytes(payload) == NULL else payload)
        if handler.rule is not REQUESTS:
            await self._services.limiter.take(handler.rule, session.user_id)
        return await known.call(self._services, session, request)


def _other_shape(text: str) -> tuple[str | None, bytes, bool]:
    """Name, payload and whether there was too much, of an event without a payload, or of what is none."""
    try:
        parts = _as_list(text)
        name = _as_any(parts[0]) if parts else None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    payload = bytes(parts[1]) if len(parts) > 1 else b"{}"
    return name if isinstance(name, str) else None, payload, len(parts) > 2  # noqa: PLR2004  (a name and one payload)


def refusal(error: Exception) -> dict[str, Any]:
    """The data of a CONNECT_ERROR packet: `message` is the code, `data` the whole error."""
    known = as_hub_error(error, where="socket:connect", request_id=new_id())
    return {"message": known.code, "data": msgspec.to_builtins(error_body(known))}
