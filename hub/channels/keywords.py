"""Words by which people leave and come back, in English, French and Kreyòl, when they are all that a message says.

The English ones are those that Twilio and the US carriers act upon themselves
(https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out). YES, OUI and WI are left out: they would start
messages again, but far more often they answer a question.
"""

import re
import unicodedata
from typing import Literal

Intent = Literal["stop", "start", "help"]

STOP = frozenset(
    {"stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "optout", "opt out", "revoke"}
    | {"arret", "arreter", "arretez", "desabonner", "me desabonner", "se desabonner", "desabonnement"}
    | {"sispann", "kanpe", "soti", "dezabone"}
)
START = frozenset({"start", "unstop", "subscribe"} | {"reprendre", "reabonner"} | {"komanse", "rekomanse", "abone"})
HELP = frozenset({"help", "info"} | {"aide"} | {"ed"})
"""`ed` is Kreyòl èd."""

LONGEST = 40
"""No word of ours is longer, with marks around it; a longer message is not looked at."""
AROUND = re.compile(r"^[\W_]+|[\W_]+$")
SPACES = re.compile(r"\s+")


def intent(text: str) -> Intent | None:
    """What the whole of `text` asks for; "please stop talking" asks for nothing."""
    if len(text) > LONGEST:
        return None
    word = _folded(text)
    if word in STOP:
        return "stop"
    if word in START:
        return "start"
    return "help" if word in HELP else None


def _folded(text: str) -> str:
    """Without case, accents, and marks around it."""
    letters = (each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return SPACES.sub(" ", AROUND.sub("", "".join(letters).casefold()))
