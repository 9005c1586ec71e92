"""Amounts of money: integer minor units and an ISO 4217 code, as a person of a language writes them."""

from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_currency, get_currency_precision, get_currency_symbol

NO_DECIMALS = frozenset(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    )
)
THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
"""ISO 4217's exponents. Babel's are of CLDR, which rounds some currencies further than they are accounted in."""
NBSP = "\u00a0"


def exponent(currency: str) -> int:
    """How many decimals of `currency` a minor unit stands for."""
    if currency in NO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


@lru_cache(maxsize=4096)
def money(amount: int, currency: str, language: str) -> str:
    """`amount` minor units: 5000 and USD are $50.00 in English, 50,00 $US in French."""
    digits = exponent(currency)
    value = Decimal(amount).scaleb(-digits)
    locale = Locale.parse(language)
    # CLDR drops the decimals of some currencies; a receipt must not.
    usual = get_currency_precision(currency) == digits
    text = format_currency(value, currency, locale=locale, currency_digits=usual)
    if get_currency_symbol(currency, locale) == currency:
        text = _spaced(text, currency)
    return text


def _spaced(text: str, currency: str) -> str:
    """A code that stands for a symbol is not glued to the number: `HTG 50.00`."""
    head, _, tail = text.partition(currency)
    return f"{head}{currency}{NBSP}{tail}" if tail and not tail[0].isspace() else text
