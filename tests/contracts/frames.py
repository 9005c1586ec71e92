"""Checks frames and answers against the generated documents, with every object closed to what it does not name."""

import copy
from typing import Any

from jsonschema import Draft202012Validator

from hub.gateway.documents.asyncapi import asyncapi
from hub.gateway.documents.openapi import openapi


def closed(document: dict[str, Any]) -> dict[str, Any]:
    """The document's components; what the hub sends may hold no field that they do not name."""
    components = copy.deepcopy(document["components"])
    for schema in components["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return {"schemas": components["schemas"]}


class Frames:
    """The AsyncAPI document as a judge of frames."""

    def __init__(self) -> None:
        self.document = asyncapi()
        self._components = closed(self.document)
        self.messages = self.document["channels"]["socket"]["messages"]

    def check_event(self, name: str, payload: Any) -> None:
        assert name in self.messages, f"{name} is not in the document"
        self._check(self.messages[name]["payload"], payload)

    def check_ack(self, event: str, answer: Any) -> None:
        self._check(self.messages[f"{event}.ack"]["payload"], answer)

    def check_request(self, event: str, payload: Any) -> None:
        self._check(self.messages[f"{event}.request"]["payload"], payload)

    def _check(self, schema: dict[str, Any], value: Any) -> None:
        Draft202012Validator({**schema, "components": self._components}).validate(value)


class Answers:
    """The OpenAPI document as a judge of answers."""

    def __init__(self) -> None:
        self.document = openapi()
        self._components = closed(self.document)

    def check(self, method: str, path: str, status: int, answer: Any) -> None:
        """`path` as in the document, with its variables in braces."""
        operation = self.document["paths"][path][method.lower()]
        assert str(status) in operation["responses"], f"{method} {path} does not document {status}"
        schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
        Draft202012Validator({**schema, "components": self._components}).validate(answer)


def references(node: Any) -> list[str]:
    """Every `$ref` of a document."""
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [each for value in node.values() for each in references(value)]
    if isinstance(node, list):
        return [each for value in node for each in references(value)]
    return []


def resolve(document: Any, reference: str) -> Any:
    """What a local reference points at; KeyError when it points nowhere."""
    found = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found
