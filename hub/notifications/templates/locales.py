"""Which language a person reads, and which one stands in where a text is missing."""

FALLBACKS = {"en": ("en",), "fr": ("fr", "en"), "ht": ("ht", "fr", "en")}
"""A language -> where to look for a text, in order. To add a language, add it here (and its texts)."""
DEFAULT = "en"


def language_of(locale: str) -> str:
    """The language of a locale, as it stands in file names: `fr-CA`, `fr_HT` and `FR` are `fr`; unknown ones `en`."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    return language if language in FALLBACKS else DEFAULT


def chain(locale: str) -> tuple[str, ...]:
    """The languages to look in for a person of `locale`, best first."""
    return FALLBACKS[language_of(locale)]
