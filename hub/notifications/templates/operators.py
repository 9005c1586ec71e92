"""The templates that operators wrote, in memory: the active ones, compiled, by name, channel and language."""

from collections.abc import Sequence
from typing import Any

import structlog
from msgspec import Struct

from hub.notifications.templates.allowed import TemplateRefused, check
from hub.notifications.templates.rendered import TemplateFailed
from hub.notifications.templates.source import Compiled, Source
from persistence import templates
from persistence.engine import Connection

log = structlog.get_logger()
Key = tuple[str, str, str]
"""(name, channel, language)."""


class Written(Struct, frozen=True, kw_only=True):
    """One active variant of an operator's template."""

    name: str
    channel: str
    language: str
    variant: str
    version: int
    weight: int
    compiled: Compiled


class Operators:
    """What is in the database, as of the last `refresh`."""

    def __init__(self) -> None:
        self._by_key: dict[Key, tuple[Written, ...]] = {}
        self._compiled: dict[tuple[Any, ...], Compiled | None] = {}

    def variants(self, name: str, channel: str, language: str) -> Sequence[Written]:
        """The active variants, in the order of their names."""
        return self._by_key.get((name, channel, language), ())

    async def refresh(self, connection: Connection) -> bool:
        """Loads the active templates; whether anything changed. Versions never do, so each is compiled once."""
        rows = await templates.active(connection)
        identities = [(row.name, row.channel, row.locale, row.variant, row.version) for row in rows]
        self._compiled = {each: self._compiled.get(each) for each in identities if each in self._compiled}
        found: dict[Key, dict[str, Written]] = {}
        for row, identity in zip(rows, identities, strict=True):
            if identity not in self._compiled:
                self._compiled[identity] = _compile(row)
            compiled = self._compiled[identity]
            if compiled is not None:
                # Two that were stored at the same moment may both be active: the later version counts.
                found.setdefault((row.name, row.channel, row.locale), {})[row.variant] = _written(row, compiled)
        fresh = {key: tuple(each[variant] for variant in sorted(each)) for key, each in found.items()}
        changed = fresh != self._by_key
        self._by_key = fresh
        return changed


def _compile(row: Any) -> Compiled | None:
    """The template, or None when it breaks the rules (of a later release, or written into the table by hand)."""
    source = Source(channel=row.channel, subject=row.subject, body=row.body, html=row.html)
    try:
        check(source)
        return Compiled(source)
    except (TemplateRefused, TemplateFailed) as error:
        log.warning("template.refused", name=row.name, channel=row.channel, version=row.version, reason=str(error))
        return None


def _written(row: Any, compiled: Compiled) -> Written:
    return Written(
        name=row.name,
        channel=row.channel,
        language=row.locale,
        variant=row.variant,
        version=row.version,
        weight=row.weight,
        compiled=compiled,
    )
