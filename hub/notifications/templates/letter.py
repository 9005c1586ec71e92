"""An e-mail's words, and the two forms they take: plain text, and the content of the HTML layout.

The words are plain text that reads well as it is: paragraphs between blank lines, `> ` before what is quoted,
`| Label | value` for a row of a table, and `Label: address` alone on a line for a link. A paragraph that is nothing
but a link becomes a button. Only addresses of our own become links: a name cannot smuggle one in.
"""

import re
from collections.abc import Collection
from html import escape
from itertools import groupby

from msgspec import Struct

_LINK = re.compile(r"(.{1,80}?)[ \u00a0]?: (https?://[!-~]+)")
_BLANK = re.compile(r"\n[ \t]*\n\s*")
BUTTON = (
    "display:inline-block;padding:12px 22px;border-radius:8px;"
    "background:#6d28d9;color:#ffffff;font-weight:600;text-decoration:none"
)
"""Styles stand with each element where it must look right without the style sheet, which some mail programs drop."""
P = "margin:0 0 16px"
HEAD = "margin:20px 0 8px;font-weight:600"
QUOTE = "margin:0 0 16px;padding:10px 14px;border-left:4px solid #7c3aed;border-radius:4px"


class Ours(Struct, frozen=True):
    """The addresses that may become links: everything below `base`, and the ones `named` in the template's links."""

    base: str
    named: Collection[str] = ()

    def __contains__(self, url: object) -> bool:
        """Whether `url` is one of them."""
        return isinstance(url, str) and (url in self.named or url == self.base or url.startswith(f"{self.base}/"))


def blocks(words: str) -> list[str]:
    """The paragraphs, each without blank lines."""
    return [block for part in _BLANK.split(words) if (block := part.strip("\n"))]


def text(parts: list[str], colon: str = ":") -> str:
    """As plain text; rows of a table become `Label: value`."""
    made = ("\n".join(_text_lines(part, colon)) for part in parts)
    return "\n\n".join(part for part in made if part)


def _text_lines(part: str, colon: str) -> list[str]:
    if not part.startswith("| "):
        return [part]
    return [f"{label}{colon} {value}" for label, value in _rows(part)]


def _rows(part: str) -> list[tuple[str, str]]:
    """(label, value) of each row that has a value."""
    found = [line[2:].partition(" | ") for line in part.splitlines() if line.startswith("| ")]
    return [(label.strip(), value.strip()) for label, _, value in found if value.strip()]


def html(parts: list[str], ours: Ours) -> str:
    """As HTML: everything is escaped, the markup is ours alone."""
    return "\n".join(_block(part, ours) for part in parts)


def _block(part: str, ours: Ours) -> str:
    if part.startswith("| "):
        return _table(part)
    if "\n" not in part and (found := _link(part, ours)):
        return f'<p style="margin:24px 0"><a class="button" style="{BUTTON}" href="{found[1]}">{found[0]}</a></p>'
    return _paragraph(part.splitlines(), ours)


def _link(line: str, ours: Ours) -> tuple[str, str] | None:
    """(label, address) of a line that is a link of ours, escaped."""
    found = _LINK.fullmatch(line) if "://" in line else None  # most lines are none, and matching tries each colon
    return (escape(found[1]), escape(found[2])) if found and found[2] in ours else None


def _table(part: str) -> str:
    rows = "".join(
        f'<tr><td class="label">{escape(label)}</td><td class="value">{escape(value)}</td></tr>'
        for label, value in _rows(part)
    )
    return f'<table class="rows" role="presentation">{rows}</table>' if rows else ""


def _paragraph(lines: list[str], ours: Ours) -> str:
    """Runs of quoted lines, and of others; a line that names what is quoted or linked below stands out."""
    made: list[str] = []
    if len(lines) > 1 and not _is_quote(lines[0]) and (_is_quote(lines[1]) or _link(lines[1], ours)):
        made.append(f'<p style="{HEAD}">{_line(lines[0], ours)}</p>')
        lines = lines[1:]
    for quoted, run in groupby(lines, key=_is_quote):
        if quoted:
            body = "<br>".join(escape(line[2:]) for line in run)
            made.append(f'<blockquote class="quote" style="{QUOTE}">{body}</blockquote>')
        else:
            made.append(f'<p style="{P}">{"<br>".join(_line(line, ours) for line in run)}</p>')
    return "\n".join(made)


def _is_quote(line: str) -> bool:
    return line.startswith("> ")


def _line(line: str, ours: Ours) -> str:
    found = _link(line, ours)
    return f'<a href="{found[1]}">{found[0]}</a>' if found else escape(line)


def preheader(parts: list[str], length: int = 110) -> str:
    """What a mailbox shows beside the subject: the words after the greeting, on one line."""
    words = parts[1:] or parts
    found = " ".join(part.removeprefix("> ") for part in words[:2] if not part.startswith("| "))
    return " ".join(found.replace("\n> ", " ").split())[:length]
