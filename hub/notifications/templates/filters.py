"""The filters of templates: formats in the person's language and time zone, and what shortens and quotes."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from hub.notifications.templates import formats
from hub.notifications.templates.money import money
from hub.notifications.templates.values import Fine, one_line, paragraphs, quoted, shorten

CURRENCY_LETTERS = 3


@pass_context
def _money(context: Context, amount: Any, currency: Any = None) -> str:
    """`{{ amount|money(currency) }}`, or of {"amount": 5000, "currency": "USD"}; nothing when there is no amount."""
    if isinstance(amount, Mapping):
        amount, currency = amount.get("amount"), amount.get("currency")
    if isinstance(amount, bool) or not isinstance(amount, int) or not _is_currency(currency):
        return Fine()
    return Fine(money(amount, currency, context["locale"]))


def _is_currency(code: Any) -> bool:
    return isinstance(code, str) and len(code) == CURRENCY_LETTERS and code.isascii() and code.isupper()


def _of_moment(make: Callable[[int, str, str], str]) -> Callable[[Context, Any], str]:
    @pass_context
    def apply(context: Context, value: Any) -> str:
        """`value` in ms or as RFC 3339; nothing when it is no time."""
        ms = formats.moment(value)
        return Fine() if ms is None else Fine(make(ms, context["locale"], context["time_zone"]))

    return apply


@pass_context
def _number(context: Context, value: Any) -> str:
    """`1,234.5` in the person's language; nothing when it is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Fine()
    return Fine(formats.number(value, context["locale"]))


def _short(value: Any, length: int = 80) -> str:
    """At most `length` characters on one line."""
    return shorten(one_line(str(value)), length)


def _quote(value: Any, length: int = 200) -> str:
    """What somebody wrote, shortened, each line behind `> `."""
    return quoted(shorten(str(value).strip(), length))


def _paragraphs(value: Any) -> str:
    return paragraphs(str(value))


def _humanized(value: Any) -> str:
    """`booking.seat_changed` as `Booking seat changed`."""
    return " ".join(str(value).replace(".", " ").replace("_", " ").split()).capitalize()


FILTERS: dict[str, Callable[..., Any]] = {
    "money": _money,
    "date": _of_moment(formats.long_date),
    "time": _of_moment(formats.short_time),
    "datetime": _of_moment(formats.date_and_time),
    "number": _number,
    "short": _short,
    "quote": _quote,
    "paragraphs": _paragraphs,
    "humanized": _humanized,
}
