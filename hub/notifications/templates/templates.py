"""Turns an event into words: finds the template of a person's role and language, and fills it in."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import structlog
from msgspec import Struct

from hub.channels.base import Channel
from hub.channels.sms_length import gsm_friendly
from hub.notifications.templates.catalogue import TEXTS, Builtin, Catalogue
from hub.notifications.templates.layout import Layout
from hub.notifications.templates.locales import chain
from hub.notifications.templates.operators import Operators, Written
from hub.notifications.templates.rendered import Person, Rendered, TemplateFailed
from hub.notifications.templates.source import Compiled, Source, Words
from hub.notifications.templates.values import Fine, one_line
from hub.notifications.templates.variants import choose
from persistence.engine import Connection

log = structlog.get_logger()
BUILTIN = "built-in"
OTHER = "other"
OURS = ("name", "time_zone", "role", "event", "state", "now", "links", "locale", "greeting")
"""What every template knows beside the event's data."""
MOST_PLANS = 4_096
"""Combinations of event, role, channel and locale that are remembered."""


class Stage(Struct, frozen=True):
    """One place to find a template in: variants of operators, or the text that comes with the hub."""

    language: str
    written: tuple[Written, ...] = ()
    builtin: Builtin | None = None


class Origin(Struct, frozen=True):
    """Which template words are of."""

    name: str
    channel: Channel
    language: str
    version: int
    variant: str
    why: str


REFRESH_MS = 30_000
"""What operators change is in force everywhere after this."""
ALSO_KNOWN_AS = {"order": "order_id", "fan": "fan_name", "creator": "creator_name"}
"""What texts call it -> what an event may call it too."""


class Templates:
    """Renders what people are told. `legal` stands at the foot of every e-mail; `texts` is the folder of the words."""

    def __init__(self, public_url: str, *, legal: str = "", texts: Path = TEXTS) -> None:
        self.catalogue = Catalogue(texts)
        self._operators = Operators()
        self._public_url = public_url.rstrip("/")
        self._layout = Layout(self._public_url, legal)
        self._plans: dict[tuple[str, str, Channel, str], tuple[Stage, ...]] = {}
        self._builtin: dict[tuple[str, str, str], Compiled] = {}
        self._refreshed_at = 0
        self._complained: set[tuple[str | int, ...]] = set()

    async def refresh(self, connection: Connection) -> None:
        """Takes over what operators changed since; cheap when nothing has."""
        if await self._operators.refresh(connection):
            self._plans.clear()

    async def refresh_seldom(self, connection: Connection, now: int) -> None:
        """The same, once in a while; `now` in ms."""
        if abs(now - self._refreshed_at) >= REFRESH_MS:
            await self.refresh(connection)
            self._refreshed_at = now

    def render(
        self,
        event_type: str,
        role: str,
        channel: Channel,
        person: Person,
        data: Mapping[str, Any],
        *,
        stable: str,
        now: int,
        links: Mapping[str, str],
    ) -> Rendered:
        """The words for one person. `stable` names them for A/B variants; `links`: open, preferences, unsubscribe.

        An operator's template that fails is logged once and the next one is taken. Raises TemplateFailed when none is
        left.
        """
        facts = self._facts(event_type, role, person, data, now=now, links=links)
        reason = "there is no template"
        for stage in self._plan(event_type, role, channel, person.locale):
            self._speak(facts, stage.language)
            if stage.builtin is not None:
                return self._of_builtin(stage.builtin, channel, facts)
            written = choose(stage.written, f"{stable}:{stage.written[0].name}")
            if written is None:
                continue
            try:
                return self._of_operator(written, channel, facts)
            except TemplateFailed as failed:
                reason = failed.reason
                self._complain((written.name, channel, written.language, written.variant, written.version), reason)
        raise TemplateFailed(reason)

    def preview(
        self, source: Source, language: str, role: str, person: Person, data: Mapping[str, Any], *, now: int
    ) -> Rendered:
        """A source that is stored nowhere, rendered as it would be. Raises TemplateFailed."""
        links = {"unsubscribe": f"{self._public_url}/unsubscribe.html"}
        facts = self._facts("preview", role, person, data, now=now, links=links)
        self._speak(facts, language)
        origin = Origin("preview", source.channel, language, 0, "preview", self.catalogue.common[language].why)
        return self._finish(origin, Compiled(source).render(facts), facts)

    def _facts(
        self,
        event_type: str,
        role: str,
        person: Person,
        data: Mapping[str, Any],
        *,
        now: int,
        links: Mapping[str, str],
    ) -> dict[str, Any]:
        """What a template may use: the event's data, and names of ours, which data cannot take."""
        facts = {key: value for key, value in data.items() if value is not None}
        for name, other in ALSO_KNOWN_AS.items():
            if other in facts:
                facts.setdefault(name, facts[other])
        state = facts.get("state")
        facts |= {
            "name": one_line(person.name),
            "time_zone": person.time_zone,
            "role": role,
            "event": event_type,
            "state": state if isinstance(state, str) else event_type.partition(".")[2],
            "now": now,
            "links": {"open": self._public_url, "preferences": f"{self._public_url}/preferences.html", **links},
        }
        return facts

    def _speak(self, facts: dict[str, Any], language: str) -> None:
        common, name = self.catalogue.common[language], facts["name"]
        facts["locale"] = language
        facts["greeting"] = Fine(common.greeting.replace("{name}", name) if name else common.greeting_nameless)

    def _plan(self, event_type: str, role: str, channel: Channel, locale: str) -> tuple[Stage, ...]:
        key = (event_type, role, channel, locale)
        found = self._plans.get(key)
        if found is None:
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            found = self._plans[key] = tuple(self._stages(event_type, role, channel, locale))
        return found

    def _stages(self, event_type: str, role: str, channel: Channel, locale: str) -> Iterator[Stage]:
        """The event's own texts in the person's language, then in others, then its family's, until one cannot fail."""
        for name in dict.fromkeys((event_type, event_type.partition(".")[0], OTHER)):
            for language in chain(locale):
                for full in (f"{name}.{role}", name):
                    written = tuple(self._operators.variants(full, channel, language))
                    if written:
                        yield Stage(language, written=written)
                builtin = self.catalogue.find(name, role, language)
                if builtin is not None:
                    yield Stage(language, builtin=builtin)
                    return

    def _of_builtin(self, builtin: Builtin, channel: Channel, facts: Mapping[str, Any]) -> Rendered:
        key = (builtin.name, channel, builtin.language)
        compiled = self._builtin.get(key)
        if compiled is None:
            compiled = self._builtin[key] = Compiled(builtin.source(channel))
        name = builtin.approved if channel == "whatsapp" else builtin.name
        origin = Origin(name, channel, builtin.language, 0, BUILTIN, builtin.why)
        try:
            return self._finish(origin, compiled.render(facts), facts)
        except TemplateFailed as failed:  # data of a kind that nobody expects: what has happened is told without it
            self._complain((builtin.name, channel), failed.reason)
            return self._finish(origin, compiled.render({key: facts[key] for key in OURS}), facts)

    def _of_operator(self, written: Written, channel: Channel, facts: Mapping[str, Any]) -> Rendered:
        builtin = self.catalogue.find(facts["event"], facts["role"], written.language)
        why = builtin.why if builtin else self.catalogue.common[written.language].why
        name = written.name.replace(".", "_") if channel == "whatsapp" else written.name
        origin = Origin(name, channel, written.language, written.version, written.variant, why)
        return self._finish(origin, written.compiled.render(facts), facts)

    def _finish(self, origin: Origin, words: Words, facts: Mapping[str, Any]) -> Rendered:
        text, html = words.text, None
        if not text:
            raise TemplateFailed("the text is empty")
        if origin.channel == "email":
            common = self.catalogue.common[origin.language]
            text, html = self._layout.complete(
                words, common, language=origin.language, why=origin.why, links=facts["links"]
            )
        elif origin.channel == "sms" and not text.isascii():
            text = gsm_friendly(text)
        return Rendered(
            name=origin.name,
            channel=origin.channel,
            locale=origin.language,
            version=origin.version,
            variant=origin.variant,
            subject=words.subject,
            text=text,
            html=html,
            parameters=words.parameters,
        )

    def _complain(self, template: tuple[str | int, ...], reason: str) -> None:
        """Once for each template, and not for each person."""
        if template not in self._complained:
            self._complained.add(template)
            log.error("template.failed", template=template, reason=reason)
