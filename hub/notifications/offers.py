"""What the rule matrix offers in each category, and whether it is on for somebody: what the switches of the page show.

The decision itself is `decisions.decide`; a switch shows what it says for the category's most insistent rule.
"""

from collections.abc import Mapping
from functools import cache

from hub.channels.base import Channel
from hub.notifications.decisions import decide, wants
from hub.notifications.rules import OTHER, RULES, Rule, Rung


@cache
def is_required(category: str) -> bool:
    """Whether anything of the category is told whatever was chosen."""
    return any(rule.critical for rule in _rules(category))


@cache
def is_offered(category: str, channel: Channel) -> bool:
    """Whether anything of the category is ever told by the channel."""
    return _offer(category, channel) is not None or _is_instead(category, channel)


def is_on(category: str, channel: Channel, chosen: Mapping[tuple[str, str], bool]) -> bool:
    """Whether a person with these choices, (scope, channel) -> allowed, is told of the category by the channel."""
    offer = _offer(category, channel)
    if offer is None:
        return wants(chosen, "", category, channel)
    rule, rung = offer
    return decide(rule, rung, "", channel, chosen, {}, None).send


@cache
def _rules(category: str) -> tuple[Rule, ...]:
    """The rules of a category, those that cannot be refused first."""
    found = [rule for rule in (*RULES.values(), OTHER) if rule.category == category]
    return tuple(sorted(found, key=lambda rule: not rule.critical))


@cache
def _offer(category: str, channel: Channel) -> tuple[Rule, Rung] | None:
    return next(
        ((rule, rung) for rule in _rules(category) for rung in rule.rungs if rung.channel == channel),
        None,
    )


def _is_instead(category: str, channel: Channel) -> bool:
    return any(rung.instead == channel for rule in _rules(category) for rung in rule.rungs)
