"""The table of HTTP routes: each file of this package registers its own; OpenAPI is generated from the same table."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from msgspec import Struct

from hub.errors import HubError
from hub.gateway.auth import Identity
from hub.gateway.services import Services


class Call(Struct, frozen=True):
    """One HTTP request, decoded: who asks, the body or query as Structs, the path's variables."""

    hub: Services
    identity: Identity
    path: dict[str, str]
    body: Any
    query: Any
    raw_body: bytes
    request: web.Request
    request_id: str


class Reply(Struct, frozen=True):
    """What a route answers; with `paged`, `next` is the cursor of the next page or None."""

    data: Any
    status: int = 200
    paged: bool = False
    next: str | None = None


Answer = Callable[[Call], Awaitable[Reply]]


class Route(Struct, frozen=True, kw_only=True):
    """One route of /api/v1. `roles` empty: everybody with a valid token; `public`: without one."""

    method: str
    path: str
    tag: str
    answer: Any
    call: Answer
    body: type[Struct] | None = None
    query: type[Struct] | None = None
    roles: tuple[str, ...] = ()
    errors: tuple[type[HubError], ...] = ()
    public: bool = False
    paged: bool = False
    idempotent: bool = False
    status: int = 200


ROUTES: list[Route] = []


def route(method: str, path: str, **options: Any) -> Callable[[Answer], Answer]:
    """Registers a route of /api/v1; the docstring's first line is its summary."""

    def register(call: Answer) -> Answer:
        ROUTES.append(Route(method=method, path=path, call=call, **options))
        return call

    return register
