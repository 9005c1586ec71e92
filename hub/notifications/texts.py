"""The words of notifications, in every language, beside each other so that none is forgotten."""

from html import escape
from typing import NamedTuple


class Words(NamedTuple):
    """The sentences of the unread-messages e-mail; `{sender}` and `{count}` are filled in."""

    subject_one: str
    subject_many: str
    greeting: str
    one: str
    many: str
    link: str
    footer: str


UNREAD = {
    "en": Words(
        subject_one="New message from {sender}",
        subject_many="{count} new messages from {sender}",
        greeting="Hello {name},",
        one="{sender} wrote to you:",
        many="{sender} wrote {count} messages to you. The first:",
        link="Read and reply",
        footer="You get this e-mail because the message was not read yet.",
    ),
    "fr": Words(
        subject_one="Nouveau message de {sender}",
        subject_many="{count} nouveaux messages de {sender}",
        greeting="Bonjour {name},",
        one="{sender} vous a écrit :",
        many="{sender} vous a écrit {count} messages. Le premier :",
        link="Lire et répondre",
        footer="Vous recevez cet e-mail parce que le message n’a pas encore été lu.",
    ),
    "ht": Words(
        subject_one="Nouvo mesaj nan men {sender}",
        subject_many="{count} nouvo mesaj nan men {sender}",
        greeting="Bonjou {name},",
        one="{sender} ekri ou:",
        many="{sender} ekri ou {count} mesaj. Premye a:",
        link="Li epi reponn",
        footer="Ou resevwa imèl sa a paske mesaj la poko li.",
    ),
}

PREVIEW_LENGTH = 200


class Rendered(NamedTuple):
    """An e-mail's three parts."""

    subject: str
    text: str
    html: str


def unread(locale: str, *, name: str, sender: str, count: int, first: str, url: str) -> Rendered:
    """The e-mail about `count` unread messages of which `first` is the oldest one's text."""
    words = UNREAD.get(locale, UNREAD["en"])
    facts = {"name": _line(name), "sender": _line(sender), "count": count}
    subject = (words.subject_one if count == 1 else words.subject_many).format(**facts)
    greeting = words.greeting.format(**facts)
    lead = (words.one if count == 1 else words.many).format(**facts)
    preview = first if len(first) <= PREVIEW_LENGTH else first[: PREVIEW_LENGTH - 1].rstrip() + "…"
    quoted = "\n".join(f"> {line}" for line in preview.splitlines())
    text = f"{greeting}\n\n{lead}\n\n{quoted}\n\n{words.link}: {url}\n\n-- \n{words.footer}\n"
    return Rendered(subject, text, _html(locale, greeting, lead, preview, words, url))


def _line(text: str) -> str:
    """Names come from people: a line break in one must not become a header or a paragraph."""
    return " ".join(text.split())


def _html(locale: str, greeting: str, lead: str, preview: str, words: Words, url: str) -> str:
    body = escape(preview).replace("\n", "<br>")
    return f"""<!doctype html>
<html lang="{escape(locale)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>
<body style="margin:0;padding:24px 12px;background:#f4f4f7;font:16px/1.5 system-ui,sans-serif;color:#1c1b22">
<div style="max-width:520px;margin:0 auto;background:#fff;border-radius:12px;padding:24px">
<p style="margin:0 0 12px">{escape(greeting)}</p>
<p style="margin:0 0 12px">{escape(lead)}</p>
<blockquote style="margin:0 0 20px;padding:10px 14px;\
border-left:4px solid #6d28d9;background:#f5f3ff">{body}</blockquote>
<p style="margin:0 0 20px"><a href="{escape(url)}" style="display:inline-block;padding:12px 20px;border-radius:8px;\
background:#6d28d9;color:#fff;text-decoration:none">{escape(words.link)}</a></p>
<p style="margin:0;color:#5b5966;font-size:13px">{escape(words.footer)}</p>
</div></body></html>"""
