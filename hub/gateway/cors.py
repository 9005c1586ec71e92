"""Cross-origin requests (Fetch standard): other pages may use the HTTP API if the operator names their origin."""

from collections.abc import Collection

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

ALLOWED = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
    "Access-Control-Max-Age": "600",
}


def cors(origins: Collection[str]) -> Middleware:
    """A middleware that lets `origins` in; `*` lets everybody in."""

    @web.middleware
    async def allow(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if origin is None or not request.path.startswith("/api/") or not ({origin, "*"} & set(origins)):
            return await handler(request)
        response = web.Response(status=204) if request.method == "OPTIONS" else await handler(request)
        response.headers.update({"Access-Control-Allow-Origin": origin, "Vary": "Origin"})
        if request.method == "OPTIONS":
            response.headers.update(ALLOWED)
        return response

    return allow
