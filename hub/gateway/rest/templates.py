"""Templates (operators): what there is, new versions, which is used, previews, and how variants do."""

import re

from hub.errors import RequestInvalid, TemplateNotFound
from hub.gateway import template_views as views
from hub.gateway import wire_templates as wire
from hub.gateway.rest.routes import Call, Reply, route
from hub.notifications.templates import Person, Rendered, TemplateFailed
from hub.notifications.templates.allowed import TemplateRefused, check
from hub.notifications.templates.catalogue import ROLES
from hub.notifications.templates.source import Compiled, Source
from persistence import template_counts
from persistence import templates as rows

OPERATORS = ("admin", "service")
COUNTED_MS = 30 * 86_400_000
_NAME = re.compile(r"(?=.{1,64}\Z)[a-z0-9_]{1,40}(\.[a-z0-9_]{1,40})*")


@route("GET", "/ops/templates", tag="templates", answer=wire.TemplateList, roles=OPERATORS)
async def get_templates(call: Call) -> Reply:
    """Every template: the built-in ones, and those that operators wrote."""
    catalogue = call.hub.templates.catalogue
    async with call.hub.database.read_one() as connection:
        written = [row for row in await rows.names(connection) if row.active]
    builtin = {each.name for each in catalogue.all()}
    names = sorted(builtin | {row.name for row in written})
    return Reply(
        wire.TemplateList(
            [
                wire.TemplateSummary(
                    name=name,
                    about=catalogue.about(name),
                    built_in=name in builtin,
                    channels=sorted({row.channel for row in written if row.name == name}),
                    locales=sorted({row.locale for row in written if row.name == name}),
                )
                for name in names
            ]
        )
    )


@route(
    "POST",
    "/ops/templates/preview",
    tag="templates",
    body=wire.PostPreview,
    answer=wire.Preview,
    roles=OPERATORS,
    errors=(RequestInvalid, TemplateNotFound),
)
async def post_preview(call: Call) -> Reply:
    """Renders a template, or words that are stored nowhere, with made-up data."""
    wish: wire.PostPreview = call.body
    person = Person(user_id="preview", name=wish.person, locale=wish.locale, time_zone=wish.time_zone)
    try:
        rendered = await _stored(call, wish, person) if wish.name else _unstored(call, wish, person)
    except TemplateFailed as failed:
        raise RequestInvalid({"field": "body", "reason": failed.reason}) from failed
    return Reply(views.preview(rendered))


async def _stored(call: Call, wish: wire.PostPreview, person: Person) -> Rendered:
    name = wish.name or ""
    await _refresh(call)
    event, role = _event_and_role(name)
    links = {"unsubscribe": f"{call.hub.settings.public_url.rstrip('/')}/unsubscribe.html"}
    now = call.hub.clock.now()
    return call.hub.templates.render(
        event, role or wish.role, wish.channel, person, wish.data, stable="preview", now=now, links=links
    )


def _unstored(call: Call, wish: wire.PostPreview, person: Person) -> Rendered:
    if wish.body is None:
        raise RequestInvalid({"field": "body", "reason": "give a name, or a body"})
    source = Source(channel=wish.channel, subject=wish.subject, body=wish.body, html=wish.html)
    _check(source)
    return call.hub.templates.preview(source, wish.locale, wish.role, person, wish.data, now=call.hub.clock.now())


@route(
    "GET",
    "/ops/templates/{name}",
    tag="templates",
    answer=wire.TemplateData,
    roles=OPERATORS,
    errors=(TemplateNotFound,),
)
async def get_template(call: Call) -> Reply:
    """A template with its built-in words and every version that operators wrote."""
    name = _name(call)
    async with call.hub.database.read_one() as connection:
        written = await rows.versions(connection, name)
    template = views.template(call.hub.templates.catalogue, name, written)
    if not template.built_in and not template.versions:
        raise TemplateNotFound
    return Reply(wire.TemplateData(template))


@route(
    "POST",
    "/ops/templates/{name}",
    tag="templates",
    body=wire.PostTemplate,
    answer=wire.TemplateData,
    roles=OPERATORS,
    errors=(RequestInvalid, TemplateNotFound),
    status=201,
)
async def post_template(call: Call) -> Reply:
    """Stores a new version of a variant. Workers use it within half a minute."""
    name, wish = _name(call), call.body
    source = Source(channel=wish.channel, subject=wish.subject, body=wish.body, html=wish.html)
    _check(source)
    values = {
        "name": name,
        "channel": wish.channel,
        "locale": wish.locale,
        "variant": wish.variant,
        "weight": wish.weight,
        "subject": wish.subject,
        "body": wish.body,
        "html": wish.html,
        "author": call.identity.user_id,
    }
    async with call.hub.database.begin() as tx:
        version = await rows.add(tx.connection, values | {"created_at": tx.now, "active": False})
        if wish.active:
            await rows.use(tx.connection, values, version)
        written = await rows.versions(tx.connection, name)
    await _refresh(call)
    return Reply(wire.TemplateData(views.template(call.hub.templates.catalogue, name, written)), status=201)


@route(
    "PUT",
    "/ops/templates/{name}/active",
    tag="templates",
    body=wire.PutActive,
    answer=wire.TemplateData,
    roles=OPERATORS,
    errors=(RequestInvalid, TemplateNotFound),
)
async def put_template_active(call: Call) -> Reply:
    """Chooses the version of a variant that is used, and its weight; null turns the variant off."""
    name, wish = _name(call), call.body
    key = {"name": name, "channel": wish.channel, "locale": wish.locale, "variant": wish.variant}
    async with call.hub.database.begin() as tx:
        if not await rows.use(tx.connection, key, wish.version, weight=wish.weight):
            raise TemplateNotFound
        written = await rows.versions(tx.connection, name)
    await _refresh(call)
    return Reply(wire.TemplateData(views.template(call.hub.templates.catalogue, name, written)))


@route(
    "GET",
    "/ops/templates/{name}/variants",
    tag="templates",
    answer=wire.Variants,
    roles=OPERATORS,
    errors=(TemplateNotFound,),
)
async def get_template_variants(call: Call) -> Reply:
    """How many messages of each variant were sent, delivered, seen and read in the last 30 days."""
    event, role = _event_and_role(_name(call))
    besides = [each for each in call.hub.templates.catalogue.events if each != event]
    since = call.hub.clock.now() - COUNTED_MS
    async with call.hub.database.read_one() as connection:
        counted = await template_counts.by_variant(connection, event, role, besides=besides, since=since)
    return Reply(wire.Variants([views.counts(row) for row in counted]))


async def _refresh(call: Call) -> None:
    """This process uses what was written at once; others look every half minute."""
    async with call.hub.database.read_one() as connection:
        await call.hub.templates.refresh(connection)


def _name(call: Call) -> str:
    """The name in the path. Raises TemplateNotFound for what cannot be one."""
    name = call.path["name"]
    if _NAME.fullmatch(name) is None:
        raise TemplateNotFound
    return name


def _event_and_role(name: str) -> tuple[str, str | None]:
    """`order.placed.fan` is `order.placed` for fans; a name without a role is for everybody."""
    event, _, role = name.rpartition(".")
    return (event, role) if role in ROLES and event else (name, None)


def _check(source: Source) -> None:
    """Raises RequestInvalid for what operators may not write."""
    try:
        check(source)
        Compiled(source)
    except TemplateRefused as refused:
        raise RequestInvalid({"field": refused.part, "reason": refused.reason}) from refused
    except TemplateFailed as failed:
        raise RequestInvalid({"field": "body", "reason": failed.reason}) from failed
