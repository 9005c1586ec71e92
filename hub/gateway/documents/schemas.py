"""JSON Schemas of payload Structs, with references into `components/schemas`."""

from collections.abc import Iterable
from typing import Any

import msgspec

REFERENCE = "#/components/schemas/{name}"


def schemas(types: Iterable[Any]) -> tuple[dict[Any, dict[str, Any]], dict[str, Any]]:
    """The schema of each type (by the type), and the named components that they refer to."""
    wanted = list(dict.fromkeys(types))
    found, components = msgspec.json.schema_components(wanted, ref_template=REFERENCE)
    return dict(zip(wanted, found, strict=True)), components


def first_line(thing: Any) -> str:
    """The first line of a docstring: what documents call the summary."""
    return (thing.__doc__ or "").strip().partition("\n")[0]
