"""The generated documents: well-formed, complete, and true to the contract's fixed names."""

import re
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from hub.gateway.documents.asyncapi import EMITTED, asyncapi
from hub.gateway.documents.openapi import openapi
from hub.gateway.handlers import HANDLERS
from hub.gateway.rest.routes import ROUTES
from tests.contracts.frames import references, resolve
from tests.running import RunningHub

EVENTS = """time.get conversation.list conversation.open conversation.leave conversation.history conversation.sync
message.send message.edit message.delete message.react message.delivered message.read typing.start typing.stop
presence.subscribe presence.unsubscribe presence.set focus.set session.refresh live.join live.leave live.send
notification.list notification.seen notification.read notification.archive notification.snooze"""
"""Of contract 4, without those of ppv."""

SENT = """session.ready session.expired session.draining message.new message.updated message.deleted receipt.updated
typing presence conversation.updated conversation.resync conversation.left live.viewers notification.new
notification.updated"""

PATHS = """PUT /users/{id}|GET /users/{id}|DELETE /users/{id}|GET /users/{id}/export|GET /me|POST /conversations
GET /conversations|GET /conversations/{id}|GET /conversations/{id}/messages|PUT /conversations/{id}/messages/{id}
POST /conversations/{id}/read|POST /conversations/{id}/close|GET /sync|GET /dev/deliveries
DELETE /users/{id}/sessions|POST /users/{id}/disconnect|POST /conversations/{id}/slow-mode
POST /conversations/{id}/evict|GET /me/notifications|POST /me/notifications/seen|POST /me/notifications/read-all
POST /me/notifications/{id}/read|POST /me/notifications/{id}/unread|POST /me/notifications/{id}/archive
POST /me/notifications/{id}/unarchive|POST /me/notifications/{id}/snooze|GET /me/preferences|PUT /me/preferences
GET /push/key|GET /me/push-subscriptions|POST /me/push-subscriptions|DELETE /me/push-subscriptions
DELETE /me/push-subscriptions/{id}|GET /unsubscribe|POST /unsubscribe|DELETE /unsubscribe
GET /notifications/{id}/trace"""


@pytest.mark.parametrize("document", [openapi(), asyncapi()], ids=["openapi", "asyncapi"])
def test_every_reference_leads_somewhere_and_every_schema_is_one(document: dict[str, Any]) -> None:
    for reference in references(document):
        assert resolve(document, reference) is not None, reference
    used = {each.rpartition("/")[2] for each in references(document) if "schemas" in each}
    for name, schema in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert name in used, f"nothing refers to {name}"
        assert schema.get("description"), f"{name} has no description"


def test_every_route_has_a_summary_an_id_and_its_parameters() -> None:
    operations = [
        (f"{method} {path}", operation)
        for path, methods in openapi()["paths"].items()
        for method, operation in methods.items()
    ]

    assert len(operations) == len(ROUTES)
    assert len({operation["operationId"] for _, operation in operations}) == len(operations)
    for name, operation in operations:
        assert operation["summary"].endswith("."), name
        named = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", name)), name
        assert any(status.startswith("2") for status in operation["responses"]), name
        assert all(response["description"] for response in operation["responses"].values()), name


def test_every_event_has_a_summary_and_every_request_an_ack() -> None:
    document = asyncapi()
    messages = document["channels"]["socket"]["messages"]

    for event in HANDLERS:
        assert messages[f"{event}.request"]["summary"].endswith("."), event
        assert f"{event}.ack" in messages
        assert document["operations"][event]["summary"].endswith("."), event
    for event in EMITTED:
        assert messages[event]["summary"].endswith("."), event


def test_the_names_of_the_contract_exist() -> None:
    served = {f"{route.method} {re.sub('{[a-z_]+}', '{id}', route.path)}" for route in ROUTES}

    assert set(EVENTS.split()) <= set(HANDLERS)
    assert set(SENT.split()) <= set(EMITTED)
    assert set(re.split(r"[|\n]", PATHS)) <= served


async def test_the_documents_are_served(hub_on_sqlite: RunningHub) -> None:
    for path, document in (("/api/openapi.json", openapi()), ("/api/asyncapi.json", asyncapi())):
        as_served = msgspec.json.decode(msgspec.json.encode(document))
        assert await hub_on_sqlite.http("GET", path, token="") == (200, as_served)
    assert await hub_on_sqlite.http("GET", "/healthz", token="") == (200, {"alive": True})
    ready = await hub_on_sqlite.http("GET", "/readyz", token="")
    assert ready == (200, {"ready": True, "checks": {"sessions": "ok", "database": "ok"}})
