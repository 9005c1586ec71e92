"""The table of Socket.IO events: each file of handlers registers its own; AsyncAPI is generated from the same table."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from hub.errors import HubError
from hub.gateway.ratelimit import REQUESTS, Rule
from hub.gateway.services import Services
from hub.gateway.session import Session

Call = Callable[[Services, Session, Any], Awaitable[Any]]


class Handler(Struct, frozen=True):
    """How one event is answered."""

    request: type[Struct]
    answer: Any
    """Type of the ack's data."""
    call: Call
    ack_needed: bool
    """False for heartbeats, which make sense without an answer."""
    rule: Rule
    errors: tuple[type[HubError], ...]
    """What it may answer beside request.invalid, rate.limited and internal.error."""


HANDLERS: dict[str, Handler] = {}


def on(
    event: str,
    request: type[Struct],
    answer: Any,
    *errors: type[HubError],
    ack_needed: bool = True,
    rule: Rule = REQUESTS,
) -> Callable[[Call], Call]:
    """Registers a handler; this table is also what AsyncAPI is generated from."""

    def register(call: Call) -> Call:
        HANDLERS[event] = Handler(request, answer, call, ack_needed, rule, errors)
        return call

    return register
