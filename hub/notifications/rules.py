"""The rule matrix, as data: which event is told to whom, by which channels, in which order and when.

To add an event, add a rule here and its texts in `templates/`. An event without a rule of its own takes the one of its
family (the part before the dot), or `OTHER`.
"""

from functools import cache
from typing import Literal

from msgspec import Struct, structs

from hub.channels.base import Channel

Category = Literal["orders", "payments", "messages", "ppv", "reviews", "security", "news", "other"]
CATEGORIES: tuple[Category, ...] = ("orders", "payments", "messages", "ppv", "reviews", "security", "news", "other")
Success = Literal["accepted", "delivered", "seen", "read", "replied", "paid"]
CRITICAL, HIGH, NORMAL, LOW = range(4)
"""Priorities: what is due of a lower number goes first."""
PRIORITIES = {"critical": CRITICAL, "high": HIGH, "normal": NORMAL, "low": LOW}
MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


class Rung(Struct, frozen=True, kw_only=True):
    """One step of an escalation: tell by `channel`, unless an earlier rung had `success` before.

    A rung is due `after` seconds after the event, or at once when every rung before it came to nothing (no address,
    refused, failed) and `fallback` is true.
    """

    channel: Channel
    after: float = 0.0
    setting: str | None = None
    """Name of the setting whose value stands in for `after`."""
    success: Success = "delivered"
    fallback: bool = True
    instead: Channel | None = None
    """The channel that takes this one's place for who asked for it (`preference`: that channel explicitly allowed)."""
    opt_in: bool = False
    """Only for who asked for this channel explicitly."""
    digest: bool = False
    """Waits in the person's digest of this channel, which opens with it and goes out `after` seconds later."""


class Rule(Struct, frozen=True, kw_only=True):
    """How one event is told."""

    category: Category
    rungs: tuple[Rung, ...]
    priority: int = NORMAL
    critical: bool = False
    """Passes preferences, quiet hours and caps; only a suppressed address stops it. Sent again when unsure."""
    consent: bool = False
    """Only to who asked for it (marketing)."""
    gathers: bool = False
    """Further events about the same conversation join a notification that nobody was alerted to yet."""
    throttle: float = 0.0
    """Seconds within which the same event about the same thing alerts a person once; the inbox shows each."""
    expires: float | None = 7 * DAY
    """Seconds after which telling it makes no sense any more."""


def _first_of(*channels: Channel, wait: float, success: Success = "delivered") -> tuple[Rung, ...]:
    """Channels in order, the next one `wait` seconds later when nothing of before had success."""
    return tuple(
        Rung(channel=each, after=wait * place, success=success, instead="whatsapp" if each == "sms" else None)
        for place, each in enumerate(channels)
    )


INBOX = Rung(channel="in_app")
MONEY = Rule(
    category="payments",
    rungs=(*_first_of("email", "push", "sms", wait=10 * MINUTE), INBOX),
    priority=CRITICAL,
    critical=True,
    expires=None,
)
RULES: dict[str, Rule] = {
    "order.placed": Rule(
        category="orders", rungs=(*_first_of("email", "push", "sms", wait=10 * MINUTE), INBOX), priority=HIGH
    ),
    "order.payment_due": Rule(
        category="orders",
        rungs=(Rung(channel="push"), Rung(channel="email", after=5 * MINUTE, success="paid"), INBOX),
        priority=HIGH,
        expires=DAY,
    ),
    "order.answer_due": Rule(
        category="orders",
        rungs=(Rung(channel="push"), Rung(channel="email", after=HOUR, success="replied"), INBOX),
        expires=2 * DAY,
    ),
    "order": Rule(category="orders", rungs=(*_first_of("push", "email", wait=10 * MINUTE), INBOX)),
    "delivery": Rule(
        category="orders", rungs=(*_first_of("push", "email", wait=10 * MINUTE, success="seen"), INBOX), priority=HIGH
    ),
    "payment": Rule(category="payments", rungs=(Rung(channel="email"), INBOX), priority=HIGH, expires=None),
    "message.unread": Rule(
        category="messages",
        rungs=(
            INBOX,
            Rung(channel="push", setting="unread_push_seconds", success="read", fallback=False),
            Rung(channel="whatsapp", after=5 * MINUTE, success="read", fallback=False, opt_in=True),
            Rung(channel="sms", after=5 * MINUTE, success="read", fallback=False, opt_in=True),
            Rung(channel="email", setting="unread_email_seconds", success="read", fallback=False, digest=True),
        ),
        priority=HIGH,
        gathers=True,
        expires=2 * DAY,
    ),
    "message.digest": Rule(category="messages", rungs=(Rung(channel="email"),)),
    "ppv": Rule(category="ppv", rungs=(Rung(channel="push"), INBOX), priority=HIGH),
    "review": Rule(
        category="reviews",
        rungs=(INBOX, Rung(channel="email", after=30 * MINUTE, success="seen")),
        priority=LOW,
        throttle=HOUR,
    ),
    "refund": MONEY,
    "dispute": MONEY,
    "payout": MONEY,
    "security": Rule(category="security", rungs=MONEY.rungs, priority=CRITICAL, critical=True, expires=None),
    "platform": Rule(category="news", rungs=(Rung(channel="email"), INBOX), priority=LOW, consent=True),
}
OTHER = Rule(category="other", rungs=(INBOX, Rung(channel="push"), Rung(channel="email", after=10 * MINUTE)))


@cache
def rule_for(event_type: str, priority: int | None = None) -> Rule:
    """The rule of an event: its own, its family's, or the one for all others; critical if it was published so."""
    rule = RULES.get(event_type) or RULES.get(event_type.partition(".")[0]) or OTHER
    return structs.replace(rule, critical=True) if priority == CRITICAL else rule
