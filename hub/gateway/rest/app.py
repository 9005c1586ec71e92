"""The aiohttp application below /api/v1: one adapter from a route of the table to an HTTP handler."""

from typing import Any

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import Counter

from hub.errors import (
    AuthInvalid,
    HubError,
    MethodNotAllowed,
    RequestInvalid,
    RequestTooLarge,
    RouteNotFound,
)
from hub.gateway.addresses import TrustedProxies
from hub.gateway.auth import Identity, bearer
from hub.gateway.envelope import Metadata, Pagination, Success, failure
from hub.gateway.fields import FRAME_BYTES
from hub.gateway.ratelimit import CONNECTS, REQUESTS
from hub.gateway.rest import (
    conversations,
    dead,
    dev,
    devices,
    events,
    live,
    messages,
    notifications,
    preferences,
    templates,
    trace,
    unsubscribe,
    users,
)
from hub.gateway.rest.routes import ROUTES, Call, Reply, Route
from hub.gateway.services import Services
from hub.ids import new_id

PREFIX = "/api/v1"
REQUEST_ID = web.RequestKey("request_id", str)
NOBODY = Identity(user_id="", roles=frozenset(), expires=0)
answers = Counter(
    "hub_http_requests_total", "HTTP requests of /api/v1 by route and status", ["method", "path", "status"]
)

SUBJECTS = (
    users,
    conversations,
    live,
    messages,
    notifications,
    preferences,
    devices,
    unsubscribe,
    events,
    templates,
    trace,
    dead,
    dev,
)
"""The files whose routes are served; naming them here is what registers them."""


def add_routes(app: web.Application, services: Services) -> None:
    """Adds every route of the table to `app`."""
    proxies = TrustedProxies(services.settings.trusted_proxies)
    for each in ROUTES:
        app.router.add_route(each.method, PREFIX + each.path, _adapter(each, services, proxies))


def _adapter(route: Route, hub: Services, proxies: TrustedProxies) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        identity = await _identify(route, hub, request, proxies)
        raw = await _read(request) if route.body is not None else b""
        call = Call(
            hub=hub,
            identity=identity,
            path=dict(request.match_info),
            body=None if route.body is None else _decode(raw, route.body),
            query=_query(route, request),
            raw_body=raw,
            request=request,
            request_id=request[REQUEST_ID],
        )
        reply = await route.call(call)
        answers.labels(route.method, route.path, reply.status).inc()
        return _respond(reply)

    return handle


async def _identify(route: Route, hub: Services, request: web.Request, proxies: TrustedProxies) -> Identity:
    if route.public:
        return NOBODY
    try:
        identity = await hub.authenticator.identify(bearer(request.headers.get("Authorization")))
    except AuthInvalid:
        await hub.limiter.take(CONNECTS, proxies.client(request))  # guessing tokens is slowed down
        raise
    await hub.limiter.take(REQUESTS, identity.user_id)
    await hub.users.check_not_revoked(identity.user_id, identity.issued_ms)
    if route.roles:
        identity.require(*route.roles)
    return identity


async def _read(request: web.Request) -> bytes:
    if (request.content_length or 0) > FRAME_BYTES:
        raise RequestTooLarge({"limit": FRAME_BYTES})
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise RequestTooLarge({"limit": FRAME_BYTES}) from None
    except (web.RequestPayloadError, ConnectionError) as error:
        raise RequestInvalid({"reason": f"the body could not be read: {type(error).__name__}"}) from None


def _decode(raw: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(raw or b"{}", type=kind)
    except (UnicodeDecodeError, RecursionError) as error:
        raise RequestInvalid({"reason": f"the body is no JSON: {type(error).__name__}"}) from None


def _query(route: Route, request: web.Request) -> Any:
    if route.query is None:
        return None
    if len(request.query) != len(set(request.query)):
        raise RequestInvalid({"reason": "a query parameter is given twice"})
    return msgspec.convert(dict(request.query), route.query, strict=False)


def _respond(reply: Reply) -> web.Response:
    success = Success(reply.data, Metadata(Pagination(reply.next)) if reply.paged else msgspec.UNSET)
    return _json(msgspec.json.encode(success), reply.status)


def _json(body: bytes, status: int) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gives each request an id, and each failure below /api its envelope."""
    request_id = request[REQUEST_ID] = new_id()
    try:
        response = await handler(request)
    except web.HTTPException as error:
        if not request.path.startswith("/api/"):
            raise
        response = _failed(_of_aiohttp(error), request, request_id)
    except Exception as error:  # every failure is an answer with a code
        response = _failed(error, request, request_id)
    if not response.prepared:
        response.headers["X-Request-Id"] = request_id
    return response


def _of_aiohttp(error: web.HTTPException) -> HubError:
    if isinstance(error, web.HTTPMethodNotAllowed):
        return MethodNotAllowed({"allowed": sorted(error.allowed_methods)})
    if error.status == RouteNotFound.status:
        return RouteNotFound()
    if error.status == RequestTooLarge.status:
        return RequestTooLarge({"limit": FRAME_BYTES})
    return RequestInvalid({"reason": error.reason})


def _failed(error: Exception, request: web.Request, request_id: str) -> web.Response:
    resource = request.match_info.route.resource
    where = f"{request.method} {resource.canonical if resource else 'unknown'}"
    failed = failure(error, where=where, request_id=request_id)
    status = error.status if isinstance(error, HubError) else _status(failed.error.code)
    answers.labels(request.method, where.partition(" ")[2], status).inc()
    response = _json(msgspec.json.encode(failed), status)
    if failed.error.retry_after_ms is not None:
        response.headers["Retry-After"] = str(-(-failed.error.retry_after_ms // 1000))
    return response


def _status(code: str) -> int:
    return RequestInvalid.status if code == RequestInvalid.code else HubError.status
