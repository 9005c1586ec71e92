"""OpenAPI 3.1 of the HTTP API, from the table of routes."""

import re
from typing import Any

import msgspec

from hub import __version__
from hub.errors import (
    AccessDenied,
    AuthExpired,
    AuthInvalid,
    AuthRevoked,
    HubError,
    RateLimited,
    RequestInvalid,
    RequestTooLarge,
    all_errors,
)
from hub.gateway.documents.schemas import first_line, schemas
from hub.gateway.envelope import Failure, Metadata
from hub.gateway.rest.app import PREFIX
from hub.gateway.rest.routes import ROUTES, Route

JSON = "application/json"


def openapi() -> dict[str, Any]:
    """The document."""
    types = [each.answer for each in ROUTES] + [each.body for each in ROUTES if each.body]
    found, components = schemas([*types, Failure, Metadata])
    paths: dict[str, Any] = {}
    for each in ROUTES:
        paths.setdefault(PREFIX + each.path, {})[each.method.lower()] = _operation(each, found)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hub HTTP API",
            "version": __version__,
            "description": "Real-time messaging and notifications for creator marketplaces. Error codes: "
            + ", ".join(f"`{error.code}`" for error in all_errors()),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _operation(route: Route, found: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.call.__name__,
        "tags": [route.tag],
        "summary": first_line(route.call),
        "parameters": [*_path_parameters(route), *_query_parameters(route), *_headers(route)],
        "responses": {str(route.status): _success(route, found), **_failures(route, found)},
    }
    if not route.public:
        operation["security"] = [{"bearer": []}]
    if route.roles:
        operation["description"] = "Roles: " + ", ".join(route.roles)
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": found[route.body]}}}
    return operation


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", route.path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    _, components = msgspec.json.schema_components([route.query])
    properties = components[route.query.__name__]["properties"]
    return [{"name": name, "in": "query", "schema": schema} for name, schema in properties.items()]


def _headers(route: Route) -> list[dict[str, Any]]:
    if not route.idempotent:
        return []
    schema = {"type": "string", "minLength": 1, "maxLength": 255}
    return [{"name": "Idempotency-Key", "in": "header", "schema": schema}]


def _success(route: Route, found: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    properties: dict[str, Any] = {"success": {"const": True}, "data": found[route.answer]}
    if route.paged:
        properties["metadata"] = found[Metadata]
    schema = {"type": "object", "required": list(properties), "properties": properties}
    return {"description": first_line(route.answer), "content": {JSON: {"schema": schema}}}


def _failures(route: Route, found: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    errors: list[type[HubError]] = [*route.errors, RequestInvalid, HubError]
    if route.roles:
        errors.append(AccessDenied)
    if route.body is not None:
        errors.append(RequestTooLarge)
    if not route.public:
        errors += [AuthInvalid, AuthExpired, AuthRevoked, RateLimited]
    by_status: dict[int, list[type[HubError]]] = {}
    for error in dict.fromkeys(errors):
        by_status.setdefault(error.status, []).append(error)
    return {
        str(status): {
            "description": "; ".join(f"`{error.code}`: {first_line(error)}" for error in group),
            "content": {JSON: {"schema": found[Failure]}},
        }
        for status, group in sorted(by_status.items())
    }
