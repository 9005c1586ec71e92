"""May this person be told of this, by this channel? One pure function; its answer says why, for the trace.

The first level that has something to say decides: suppression > critical > conversation mute > event x channel >
category x channel > channel > the rule's own default.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from hub.channels.base import Channel
from hub.notifications.rules import Rule, Rung

Choices = Mapping[tuple[str, str], bool]
"""(scope, channel) -> allowed; see `persistence/preferences.py`."""
NO_CHOICES: Choices = {}


class Verdict(Struct, frozen=True):
    """Whether to send, at which level that was decided, and why."""

    send: bool
    level: str
    reason: str


def decide(
    rule: Rule,
    rung: Rung,
    event_type: str,
    channel: Channel,
    choices: Choices,
    suppressed: Mapping[str, str],
    conversation_id: str | None,
) -> Verdict:
    """The verdict for one rung. `suppressed` is scope -> reason of what is suppressed for the address."""
    for scope in ("all", rule.category):
        if scope in suppressed and (scope == "all" or not rule.critical):
            return Verdict(send=False, level="suppression", reason=suppressed[scope])
    if rule.critical:
        return Verdict(send=True, level="critical", reason="critical")
    if conversation_id is not None and _chosen(choices, f"conversation:{conversation_id}", channel) is False:
        return Verdict(send=False, level="conversation", reason="muted")
    asked_for = rule.consent or rung.opt_in
    for level, scope in (
        ("event", f"event:{event_type}"),
        ("category", f"category:{rule.category}"),
        ("channel", "all"),
    ):
        chosen = _chosen(choices, scope, channel)
        if chosen is False:
            return Verdict(send=False, level=level, reason="turned_off")
        # To want e-mails at all is no consent to marketing.
        if chosen is True and not (rule.consent and scope == "all"):
            return Verdict(send=True, level=level, reason="turned_on")
    if asked_for:
        return Verdict(send=False, level="default", reason="no_consent" if rule.consent else "not_asked_for")
    return Verdict(send=True, level="default", reason="by_default")


def wants(choices: Choices, event_type: str, category: str, channel: Channel) -> bool:
    """Whether the person asked for this channel explicitly."""
    for scope in (f"event:{event_type}", f"category:{category}", "all"):
        chosen = choices.get((scope, channel))
        if chosen is not None:
            return chosen
    return False


def _chosen(choices: Choices, scope: str, channel: str) -> bool | None:
    if not choices:
        return None
    chosen = choices.get((scope, channel))
    return choices.get((scope, "*")) if chosen is None else chosen


def role_of(user_id: str, roles: Any, data: Mapping[str, Any]) -> str:
    """In which role an event concerns a person: as the event's data say, or as the profile does."""
    if data.get("creator_id") == user_id:
        return "creator"
    if data.get("fan_id") == user_id:
        return "fan"
    return "creator" if "creator" in (roles or ()) else "fan"
