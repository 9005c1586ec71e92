"""What people wrote, made safe to stand in a sentence: one line, no control characters, no end.

A value is never compiled, so braces in it are letters. A line break in a name would start a paragraph or a header.
"""

import re
from typing import Any

from jinja2 import ChainableUndefined

_FOLDED = re.compile(r"(?:[^\S\u00a0\u202f]|[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069])+")
"""White space (but the spaces that French typography wants), control characters, and the ones that turn the direction
of what follows."""
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
_BLANK_LINES = re.compile(r"\n\s*\n+")
LONGEST_VALUE = 2_000
"""Characters of one value; what people read of a notification is far shorter."""


class Fine(str):
    """A text that filters made and that stays as it is."""

    __slots__ = ()


class Missing(ChainableUndefined):
    """Stands for what an event does not tell: prints nothing, and is neither more nor less than anything."""

    __slots__ = ()

    def _never(self, _other: Any) -> bool:
        return False

    def _still_missing(self, *_others: Any) -> "Missing":
        return self

    __lt__ = __le__ = __gt__ = __ge__ = _never  # type: ignore[assignment]  # Jinja's own ones raise, and say so
    __add__ = __radd__ = __sub__ = __rsub__ = __neg__ = _still_missing  # type: ignore[assignment]  # the same


def finalize(value: Any) -> Any:
    """What Jinja calls with the value of every {{ expression }}."""
    if type(value) is Fine:
        return value
    if value is None:
        return ""
    return one_line(value) if isinstance(value, str) else value


def one_line(text: str) -> str:
    """`text` without line breaks and control characters, and not endless."""
    if len(text) > LONGEST_VALUE:
        text = text[:LONGEST_VALUE]
    if text.isprintable() or text.replace("\u00a0", "").replace("\u202f", "").isprintable():
        return text
    return _FOLDED.sub(" ", text).strip()


def shorten(text: str, length: int) -> str:
    """At most `length` characters, the last one an ellipsis when some are missing."""
    return text if len(text) <= length else text[: max(length - 1, 0)].rstrip() + "…"


def lines(text: str) -> list[str]:
    """The lines of a text, without control characters."""
    return _CONTROLS.sub("", text[: 10 * LONGEST_VALUE]).splitlines()


def quoted(text: str) -> Fine:
    """What somebody wrote, each line behind `> `, as plain e-mails quote."""
    return Fine("\n".join(f"> {line}" for line in lines(text)))


def paragraphs(text: str) -> Fine:
    """A text of several paragraphs, which the platform itself wrote."""
    return Fine(_BLANK_LINES.sub("\n\n", "\n".join(line.strip() for line in lines(text))).strip())
