"""Who a message is for, and what comes out of a template."""

from msgspec import Struct


class Person(Struct, frozen=True):
    """The recipient, as templates know them."""

    user_id: str
    name: str
    locale: str
    time_zone: str
    roles: tuple[str, ...] = ()


class Rendered(Struct, frozen=True, kw_only=True):
    """One message in words. `version` 0 and variant `built-in`: the template that comes with the hub."""

    name: str
    """The template's name; of WhatsApp the name under which the provider has to approve it."""
    channel: str
    locale: str
    """The language that it is written in, which may be another than the person's."""
    version: int
    variant: str
    subject: str | None
    """The subject of an e-mail, the title of a push message and of an inbox entry."""
    text: str
    html: str | None = None
    parameters: tuple[str, ...] = ()
    """The values of {{1}}, {{2}} … of an approved WhatsApp template."""


class TemplateFailed(Exception):
    """No template could be rendered. `reason` says why, without what people wrote."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
