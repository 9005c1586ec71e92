"""Payloads of the routes for templates."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from hub.channels.base import Channel
from hub.gateway.fields import Locale
from hub.gateway.wire import Request

Weight = Annotated[int, Meta(ge=0, le=1000, description="Share beside the other variants' weights; 0 is never chosen")]
Variant = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,16}$(?!\n)", description="`a`, `b` … of an A/B test")]
TemplateName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9_]{1,40}(\.[a-z0-9_]{1,40})*$(?!\n)",
        max_length=64,
        description="An event's type, its family or `other`; followed by `.fan` or `.creator` for that role alone",
    ),
]
Person = Literal["fan", "creator"]


class TemplateSummary(Struct, frozen=True, kw_only=True):
    """A template, without its words."""

    name: str
    about: str
    """What the event is, and what its data may tell."""
    built_in: bool
    channels: list[str]
    """Channels for which an operator's version is active."""
    locales: list[str]
    """Languages of those versions."""


class TemplateList(Struct, frozen=True):
    """Every template there is."""

    templates: list[TemplateSummary]


class BuiltInSource(Struct, frozen=True, kw_only=True):
    """The words that come with the hub."""

    channel: Channel
    locale: str
    subject: str | UnsetType = UNSET
    body: str
    approved: str | UnsetType = UNSET
    """Of WhatsApp: the text to hand in for approval, with {{1}}, {{2}} … for its parameters."""


class TemplateVersion(Struct, frozen=True, kw_only=True):
    """One version that an operator wrote; its words never change."""

    channel: Channel
    locale: str
    variant: str
    version: int
    weight: int
    active: bool
    subject: str | UnsetType = UNSET
    body: str
    html: str | UnsetType = UNSET
    approved: str | UnsetType = UNSET
    author: str
    created_at: str


class Template(Struct, frozen=True, kw_only=True):
    """A template with all its words."""

    name: str
    about: str
    built_in: list[BuiltInSource]
    versions: list[TemplateVersion]


class TemplateData(Struct, frozen=True):
    """The template as it is now."""

    template: Template


class PostTemplate(Request, frozen=True, kw_only=True):
    """A new version of one variant, on one channel and in one language."""

    channel: Channel
    locale: Locale
    variant: Variant = "a"
    weight: Weight = 1
    subject: str | None = None
    body: str
    html: str | None = None
    active: bool = True
    """Whether it is used from now on, in place of the variant's version before."""


class PutActive(Request, frozen=True, kw_only=True):
    """Which version of a variant is used; null: none, so that other variants or the built-in words are."""

    channel: Channel
    locale: Locale
    variant: Variant = "a"
    version: Annotated[int, Meta(ge=1)] | None
    weight: Weight | None = None


class PostPreview(Request, frozen=True, kw_only=True):
    """Either the `name` of a template, or words that are stored nowhere."""

    name: TemplateName | None = None
    channel: Channel
    locale: Locale
    role: Person = "fan"
    subject: str | None = None
    body: str | None = None
    html: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    person: Annotated[str, Meta(max_length=200)] = "Nadège"
    time_zone: Annotated[str, Meta(max_length=64)] = "UTC"


class Preview(Struct, frozen=True, kw_only=True):
    """The words as a person would get them."""

    name: str
    locale: str
    version: int
    variant: str
    subject: str | UnsetType = UNSET
    text: str
    html: str | UnsetType = UNSET
    encoding: str | UnsetType = UNSET
    """Of an SMS: gsm7 or ucs2."""
    segments: int | UnsetType = UNSET
    parameters: list[str] | UnsetType = UNSET
    """Of WhatsApp: the values of the approved template's {{1}}, {{2}} …"""


class VariantCounts(Struct, frozen=True, kw_only=True):
    """What became of one variant's deliveries; version 0 is the built-in one."""

    channel: str
    locale: str
    variant: str
    version: int
    sent: int
    delivered: int
    seen: int
    read: int


class Variants(Struct, frozen=True):
    """Counts of the last 30 days."""

    variants: list[VariantCounts]
