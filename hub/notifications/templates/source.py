"""A template's source, whoever wrote it, and what it is compiled to."""

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import Template, TemplateError
from msgspec import Struct

from hub.channels.base import Channel
from hub.notifications.templates.environment import HTML, PLAIN
from hub.notifications.templates.rendered import TemplateFailed
from hub.notifications.templates.values import one_line, shorten

END = "\x1e"
"""Stands between the parts of one template, so that it is rendered in one go; values cannot hold it (`values.py`)."""
_EXPRESSION = re.compile(r"(\{\{.*?\}\})", re.DOTALL)
NOTHING = "–"
"""WhatsApp refuses an empty parameter."""
LONGEST = {"in_app": 500, "push": 240, "email": 50_000, "sms": 612, "whatsapp": 1_024}
"""Characters of a text by channel: four SMS segments, WhatsApp's own limit, and what a push message shows."""
LONGEST_SUBJECT = {"in_app": 200, "push": 100, "email": 250}
LONGEST_HTML = 200_000


class Source(Struct, frozen=True, kw_only=True):
    """What a template is written as. In WhatsApp's, each {{ expression }} is a parameter of the approved template."""

    channel: Channel
    subject: str | None = None
    body: str
    html: str | None = None

    def approved(self) -> str:
        """A WhatsApp template as it is handed in for approval: with {{1}}, {{2}} … in place of the expressions."""
        pieces = _EXPRESSION.split(self.body)
        return "".join(f"{{{{{place // 2 + 1}}}}}" if place % 2 else piece for place, piece in enumerate(pieces))


class Words(Struct, frozen=True):
    """What a compiled source gives."""

    subject: str | None
    text: str
    html: str | None
    parameters: tuple[str, ...]


class Compiled:
    """A source, ready to be rendered many times."""

    def __init__(self, source: Source) -> None:
        self._channel = source.channel
        self._has_subject = source.subject is not None
        try:
            self._plain = PLAIN.from_string(self._joined(source))
            self._html: Template | None = HTML.from_string(source.html) if source.html else None
        except TemplateError as error:
            raise TemplateFailed(f"{type(error).__name__}: {error.message}") from error

    @staticmethod
    def _joined(source: Source) -> str:
        body = source.body
        if source.channel == "whatsapp":
            body = _EXPRESSION.sub(rf"{END}\1{END}", body)
        return body if source.subject is None else f"{source.subject}{END}{body}"

    def render(self, facts: Mapping[str, Any]) -> Words:
        """The words for these facts. Raises TemplateFailed."""
        try:
            text = self._plain.render(facts)
            html = self._html.render(facts) if self._html else None
        except Exception as error:  # whatever a template does, it must not take the worker down
            raise TemplateFailed(f"{type(error).__name__}: {error}"[:200]) from error
        subject = None
        if self._has_subject:
            first, _, text = text.partition(END)
            subject = shorten(one_line(first).strip(), LONGEST_SUBJECT.get(self._channel, 200))
        if self._channel == "whatsapp":
            return _whatsapp(text.split(END))
        if len(html or "") > LONGEST_HTML:
            raise TemplateFailed("the HTML is too long")
        return Words(subject, shorten(text.strip(), LONGEST[self._channel]), html, ())


def _whatsapp(parts: list[str]) -> Words:
    # Meta refuses parameters with line breaks, or more than four spaces in a row.
    filled = [(one_line(part).strip() or NOTHING) if place % 2 else part for place, part in enumerate(parts)]
    return Words(None, shorten("".join(filled).strip(), LONGEST["whatsapp"]), None, tuple(filled[1::2]))
