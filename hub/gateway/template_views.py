"""What operators see of templates: rows and built-in words as the Structs of the API."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from hub.channels.base import CHANNELS
from hub.channels.sms_length import measure
from hub.clock import rfc3339
from hub.gateway import wire_templates as wire
from hub.notifications.templates import Rendered
from hub.notifications.templates.catalogue import Catalogue
from hub.notifications.templates.source import Source


def preview(rendered: Rendered) -> wire.Preview:
    """Words as a person would get them; of an SMS with what it takes."""
    length = measure(rendered.text) if rendered.channel == "sms" else None
    return wire.Preview(
        name=rendered.name,
        locale=rendered.locale,
        version=rendered.version,
        variant=rendered.variant,
        subject=UNSET if rendered.subject is None else rendered.subject,
        text=rendered.text,
        html=UNSET if rendered.html is None else rendered.html,
        encoding=length.encoding if length else UNSET,
        segments=length.segments if length else UNSET,
        parameters=list(rendered.parameters) if rendered.channel == "whatsapp" else UNSET,
    )


def template(catalogue: Catalogue, name: str, written: Sequence[Any]) -> wire.Template:
    """A template with its built-in words and the versions of operators."""
    texts = [each for each in catalogue.all() if each.name == name]
    return wire.Template(
        name=name,
        about=catalogue.about(name),
        built_in=[_builtin(each.source(channel), each.language) for each in texts for channel in CHANNELS],
        versions=[_version(row) for row in written],
    )


def _builtin(source: Source, language: str) -> wire.BuiltInSource:
    return wire.BuiltInSource(
        channel=source.channel,
        locale=language,
        subject=UNSET if source.subject is None else source.subject,
        body=source.body,
        approved=source.approved() if source.channel == "whatsapp" else UNSET,
    )


def _version(row: Any) -> wire.TemplateVersion:
    source = Source(channel=row.channel, body=row.body)
    return wire.TemplateVersion(
        channel=row.channel,
        locale=row.locale,
        variant=row.variant,
        version=row.version,
        weight=row.weight,
        active=row.active,
        subject=UNSET if row.subject is None else row.subject,
        body=row.body,
        html=UNSET if row.html is None else row.html,
        approved=source.approved() if row.channel == "whatsapp" else UNSET,
        author=row.author,
        created_at=rfc3339(row.created_at),
    )


def counts(row: Any) -> wire.VariantCounts:
    """What became of one variant."""
    return wire.VariantCounts(
        channel=row.channel,
        locale=row.locale or "",
        variant=row.variant,
        version=row.version or 0,
        sent=row.sent,
        delivered=row.delivered,
        seen=row.seen,
        read=row.read,
    )
