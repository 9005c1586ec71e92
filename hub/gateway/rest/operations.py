"""For operators: alive, ready, metrics; and the generated documents."""

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from hub.gateway.admission import Admission
from hub.gateway.documents.asyncapi import asyncapi
from hub.gateway.documents.openapi import openapi
from hub.gateway.services import Services
from persistence.engine import schema_revision


class Ready(msgspec.Struct, frozen=True):
    """Whether requests should be sent here, and how each dependency does."""

    ready: bool
    checks: dict[str, str]


def add_operations(app: web.Application, services: Services, admission: Admission) -> None:
    """Adds /healthz, /readyz, /metrics and the documents."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_request: web.Request) -> web.Response:
        state = await _check(services, admission)
        body = msgspec.json.encode(state)
        return web.Response(body=body, status=200 if state.ready else 503, content_type="application/json")

    async def metrics(_request: web.Request) -> web.Response:
        return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    for path, document in (("/api/openapi.json", openapi()), ("/api/asyncapi.json", asyncapi())):
        app.router.add_get(path, _document(msgspec.json.encode(document)))


def _document(body: bytes) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json", charset="utf-8")

    return answer


async def _check(services: Services, admission: Admission) -> Ready:
    checks = {"sessions": "draining" if admission.draining else "ok", "database": await _database(services)}
    ready = all(state == "ok" for state in checks.values())
    if services.settings.redis_url:
        # Shown, but no reason to send people away: without Redis a node serves its own sockets and everything that is
        # stored, and when every node is without it there is no better one.
        checks["redis"] = services.bus.trouble or "ok"
    return Ready(ready, checks)


async def _database(services: Services) -> str:
    try:
        async with services.database.read() as connection:
            await schema_revision(connection)
    except Exception as error:  # whatever it is, this process cannot serve
        return f"{type(error).__name__}: is the database up, and was `hub migrate` run?"
    return "ok"
