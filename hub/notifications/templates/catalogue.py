"""The texts that come with the hub: one file an event, one file a language for what all of them share."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from hub.channels.base import Channel
from hub.notifications.templates.source import Source

TEXTS = Path(__file__).parent / "texts"
ROLES = ("fan", "creator")
_FRAGMENT = re.compile(r"<([A-Za-z_]+)>")


class Texts(Struct, frozen=True, forbid_unknown_fields=True):
    """The words of one event for one role in one language. `<word>` stands for a fragment of that name."""

    title: str
    """Of the inbox and of push messages; the e-mail's subject, unless it has its own."""
    body: str
    letter: str
    """The e-mail's words; how they are laid out says `letter.py`."""
    sms: str
    whatsapp: str
    subject: str = ""
    push: str = ""
    """The push message's text, where it is another than the inbox's."""


class Language(Struct, frozen=True, forbid_unknown_fields=True):
    """One event in one language: either one text for everybody, or one for each role."""

    why: str = ""
    """Why someone gets this e-mail, for its foot."""
    fragments: dict[str, str] = {}
    everybody: Texts | None = None
    fan: Texts | None = None
    creator: Texts | None = None


class Event(Struct, frozen=True):
    """One file: an event, with a table for each language."""

    about: str
    """For operators: what happened, and what the data may tell."""
    approved: str
    """The name of the WhatsApp template; if empty, it is made of the event and the role."""
    languages: Mapping[str, Language]

    @classmethod
    def read(cls, path: Path) -> "Event":
        """The event of a file. Raises msgspec.ValidationError for a table or a key that is none of ours."""
        tables = msgspec.toml.decode(path.read_bytes(), type=dict[str, Any])
        about, approved = tables.pop("about"), tables.pop("approved", "")
        return cls(about, approved, msgspec.convert(tables, dict[str, Language]))


class Common(Struct, frozen=True, forbid_unknown_fields=True):
    """What the texts of one language share."""

    greeting: str
    """`{name}` is the person's."""
    greeting_nameless: str
    colon: str
    """What stands between a label and what it labels."""
    why: str
    """Why someone gets an e-mail, where the event does not say."""
    preferences: str
    unsubscribe: str
    fragments: dict[str, str]


class Builtin(Struct, frozen=True):
    """One text of the catalogue, found."""

    name: str
    approved: str
    language: str
    texts: Texts
    fragments: Mapping[str, str]
    why: str

    def source(self, channel: Channel) -> Source:
        """The template's source for a channel."""
        texts = self.texts
        found: dict[Channel, tuple[str | None, str]] = {
            "in_app": (texts.title, texts.body),
            "push": (texts.title, texts.push or texts.body),
            "email": (texts.subject or texts.title, texts.letter),
            "sms": (None, texts.sms),
            "whatsapp": (None, texts.whatsapp),
        }
        subject, body = found[channel]
        return Source(channel=channel, subject=subject and self._expand(subject), body=self._expand(body))

    def _expand(self, text: str) -> str:
        """`text` with its fragments, which may hold fragments themselves."""
        while (expanded := _FRAGMENT.sub(lambda found: self.fragments[found[1]], text)) != text:
            text = expanded
        return text


class Catalogue:
    """All built-in texts. Reads the files once, when it is made."""

    def __init__(self, folder: Path = TEXTS) -> None:
        self.common = {
            path.stem: msgspec.toml.decode(path.read_bytes(), type=Common)
            for path in sorted((TEXTS / "locales").glob("*.toml"))
        }
        self.events = {path.stem: Event.read(path) for path in sorted(folder.glob("*.toml"))}

    def find(self, name: str, role: str, language: str) -> Builtin | None:
        """The text of exactly this event in this language; a role without a text of its own reads the fan's."""
        event = self.events.get(name)
        there = event and event.languages.get(language)
        if not event or not there:
            return None
        own = role if role in ROLES else "fan"
        texts: Texts | None = there.everybody or getattr(there, own)
        if texts is None:
            return None
        full = name if there.everybody else f"{name}.{own}"
        common = self.common[language]
        return Builtin(
            name=full,
            approved=event.approved or full.replace(".", "_"),
            language=language,
            texts=texts,
            fragments=common.fragments | there.fragments,
            why=there.why or common.why,
        )

    def about(self, name: str) -> str:
        """What the event of a template is; of an operator's own one, nothing is known."""
        event = self.events.get(name) or self.events.get(name.rpartition(".")[0])
        return " ".join(event.about.split()) if event else ""

    def all(self) -> Iterator[Builtin]:
        """Every text of every event, for every role."""
        for name in self.events:
            for language in self.common:
                found = {each.name: each for role in ROLES if (each := self.find(name, role, language))}
                yield from found.values()
