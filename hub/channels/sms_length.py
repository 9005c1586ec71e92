"""How long an SMS is, and so what it costs: GSM-7 or UCS-2, and segments (3GPP TS 23.038 and TS 23.040).

One character outside GSM-7 makes the whole message UCS-2, which more than halves what a segment holds.
"""

import re
import unicodedata
from typing import Literal

from msgspec import Struct

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet of TS 23.038, 6.2.1; its 128th position is the escape to the extension."""
EXTENSION = frozenset("\f^{}\\[~]|€")
"""TS 23.038, 6.2.1.1: each is sent as an escape and a character."""
ALPHABET = BASIC | EXTENSION

GSM_SINGLE, GSM_PART = 160, 153
"""Septets: 140 bytes hold 160; in a long message 6 bytes of each part say which part it is (TS 23.040, 9.2.3.24.1)."""
UCS2_SINGLE, UCS2_PART = 70, 67
"""The same in 16-bit units."""
LAST_OF_PLANE_0 = 0xFFFF

QUOTE_SPACES = re.compile("(?<=[«‹])[ \u00a0\u202f]+|[ \u00a0\u202f]+(?=[»›])")
"""French sets a space inside its quotation marks, English does not."""
LOOKS_LIKE = str.maketrans(
    {
        **dict.fromkeys("’‘‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‹›", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\t\u00a0\u2002\u2003\u2007\u2009\u200a\u202f", " "),
        **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),
        "…": "...",
        "•": "-",
    }
)


class SmsLength(Struct, frozen=True):
    """What a text takes as an SMS."""

    encoding: Literal["gsm7", "ucs2"]
    characters: int
    """As the encoding counts: septets of GSM-7, or 16-bit units of UCS-2."""
    segments: int
    """What is paid for; 0 for an empty text."""


def measure(text: str) -> SmsLength:
    """The encoding that `text` needs, and its length in it."""
    if gsm7(text):
        return _packed("gsm7", [1 if each in BASIC else 2 for each in text], GSM_SINGLE, GSM_PART)
    return _packed("ucs2", [1 if ord(each) <= LAST_OF_PLANE_0 else 2 for each in text], UCS2_SINGLE, UCS2_PART)


def gsm7(text: str) -> bool:
    """Whether `text` can be sent as GSM-7."""
    return ALPHABET.issuperset(text)


def _packed(encoding: Literal["gsm7", "ucs2"], widths: list[int], single: int, part: int) -> SmsLength:
    """Neither an escape and its character nor the two halves of a surrogate pair are split over two parts."""
    total = sum(widths)
    if total <= single:
        return SmsLength(encoding, total, min(total, 1))
    segments, used = 1, 0
    for width in widths:
        if used + width > part:
            segments, used = segments + 1, 0
        used += width
    return SmsLength(encoding, total, segments)


def cost_micros(text: str, segment_micros: int) -> int:
    """What `text` costs, in the unit of `segment_micros`: the price of one segment."""
    return measure(text).segments * segment_micros


def gsm_friendly(text: str) -> str:
    """`text` with typographic marks as plain ones, where that makes it GSM-7; otherwise as it is.

    Letters are never changed: è é ù ò à are in GSM-7; ê ô î ç and È Ò À are not, and a text with them is UCS-2, where
    plainer marks would gain nothing.
    """
    composed = unicodedata.normalize("NFC", text)
    if gsm7(composed):
        return composed
    plain = QUOTE_SPACES.sub("", composed).translate(LOOKS_LIKE)
    return plain if gsm7(plain) else composed
