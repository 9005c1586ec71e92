"""Renders templates in tests: people, links and the data of each event."""

from collections.abc import Mapping
from typing import Any

from hub.channels.base import Channel
from hub.notifications.templates import Person, Rendered, Templates

URL = "https://hub.example"
OPEN = f"{URL}/?conversation=0190c0de-0000-7000-8000-000000000000"
LINKS = {
    "open": OPEN,
    "preferences": f"{URL}/preferences.html",
    "unsubscribe": f"{URL}/unsubscribe.html?token=t0ken",
}
NOW = 1_785_783_840_000
LANGUAGES = ("en", "fr", "ht")
ROLES = ("fan", "creator")
ORDER: dict[str, Any] = {
    "order": "VM-1042",
    "title": "Birthday video for Nadège",
    "fan": "Jonas Etienne",
    "creator": "Mirlande Baptiste",
    "amount": 5_000,
    "currency": "USD",
    "due_at": NOW + 86_400_000,
}
CONVERSATION = {"sender": "Mirlande Baptiste", "count": 2, "first": "Bonjou!\nKi jan ou ye?", "title": "Birthday"}
EVENTS: dict[str, dict[str, Any]] = {
    "order.placed": ORDER,
    **{
        f"order.{state}": ORDER | {"reason": "She is on tour"}
        for state in (
            *("accepted", "declined", "in_progress", "revision_requested", "delivered", "completed"),
            *("cancelled", "expired", "refunded", "something_new"),
        )
    },
    "delivery.ready": ORDER,
    "payment.settled": ORDER
    | {
        "gross": 5_000,
        "fee": 1_500,
        "net": 3_500,
        "lines": [{"label": "Video", "amount": 4_500}, {"label": "Service", "amount": 500}],
        "receipt": "R-1",
        "method": "MonCash",
        "paid_at": NOW,
    },
    "message.unread": CONVERSATION,
    "message.digest": {"count": 2, "conversations": [CONVERSATION | {"url": OPEN}]},
    "ppv.received": {"creator": "Mirlande Baptiste", "price": 500, "currency": "USD"},
    "ppv.unlocked": {"creator": "Mirlande Baptiste", "fan": "Jonas Etienne", "amount": 500, "currency": "USD"},
    "review.posted": ORDER | {"rating": 5, "text": "Mèsi anpil!\nShe cried."},
    "refund.issued": ORDER | {"reason": "Declined"},
    **{f"dispute.{state}": ORDER for state in ("opened", "evidence_needed", "won", "lost", "closed", "odd")},
    **{f"payout.{state}": ORDER for state in ("scheduled", "sent", "paid", "failed", "returned", "odd")},
    **{
        f"security.{state}": {"device": "Firefox on Windows", "place": "Jacmel"}
        for state in ("new_sign_in", "password_changed", "email_changed", "phone_changed", "sessions_ended", "odd")
    },
    "platform.news": {"title": "Carnival is coming", "body": "Book early.\n\nPrices stay as they are."},
    "booking.seat_changed": {"title": "Your seat has changed", "body": "It is 12A now."},
}


def person(locale: str = "en", name: str = "Jonas") -> Person:
    return Person(user_id="jonas", name=name, locale=locale, time_zone="America/Port-au-Prince", roles=("fan",))


def say(
    templates: Templates,
    event: str,
    channel: Channel,
    *,
    role: str = "fan",
    locale: str = "en",
    name: str = "Jonas",
    data: Mapping[str, Any] | None = None,
    stable: str = "jonas",
    links: Mapping[str, str] = LINKS,
) -> Rendered:
    """The words of an event, with its usual data unless others are given."""
    given = EVENTS[event] if data is None else data
    return templates.render(event, role, channel, person(locale, name), given, stable=stable, now=NOW, links=links)
