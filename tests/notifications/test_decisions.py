"""The order of preference: which level decides whether a person is told, and what it says."""

import pytest

from hub.channels.base import Channel
from hub.notifications.decisions import Verdict, decide, role_of, wants
from hub.notifications.rules import CRITICAL, Rung, rule_for

CHAT = "0197e000-0000-7000-8000-000000000001"
EMAIL, PUSH = Rung(channel="email"), Rung(channel="push")
SMS_IF_ASKED = Rung(channel="sms", opt_in=True)

BOUNCED = {"all": "bounced"}
NO_NEWS = {"news": "unsubscribed"}

TABLE: list[tuple[str, str, Rung, dict[tuple[str, str], bool], dict[str, str], str]] = [
    # Nothing chosen: the rule decides.
    ("nothing chosen", "order.placed", EMAIL, {}, {}, "send default by_default"),
    # The suppression list beats everything, critical too; a category's is for that category, and not for critical.
    ("suppressed", "order.placed", EMAIL, {("all", "email"): True}, BOUNCED, "skip suppression bounced"),
    ("suppressed and critical", "security", EMAIL, {}, BOUNCED, "skip suppression bounced"),
    ("category", "platform.news", EMAIL, {("category:news", "email"): True}, NO_NEWS, "skip suppression unsubscribed"),
    ("another category", "order.placed", EMAIL, {}, NO_NEWS, "send default by_default"),
    ("a category, critical", "payout", EMAIL, {}, {"payments": "unsubscribed"}, "send critical critical"),
    # Critical beats every choice.
    ("critical", "refund", EMAIL, {("all", "*"): False}, {}, "send critical critical"),
    ("critical, muted", "dispute", EMAIL, {(f"conversation:{CHAT}", "*"): False}, {}, "send critical critical"),
    # A muted conversation beats what was chosen for events, categories and channels.
    (
        "muted",
        "message.unread",
        PUSH,
        {(f"conversation:{CHAT}", "*"): False, ("event:message.unread", "push"): True},
        {},
        "skip conversation muted",
    ),
    (
        "one channel muted",
        "message.unread",
        PUSH,
        {(f"conversation:{CHAT}", "email"): False},
        {},
        "send default by_default",
    ),
    ("another muted", "message.unread", PUSH, {("conversation:other", "*"): False}, {}, "send default by_default"),
    (
        "unmuted decides nothing",
        "message.unread",
        PUSH,
        {(f"conversation:{CHAT}", "*"): True, ("all", "push"): False},
        {},
        "skip channel turned_off",
    ),
    # Event before category before channel, in both directions.
    (
        "event beats category",
        "order.placed",
        EMAIL,
        {("event:order.placed", "email"): True, ("category:orders", "email"): False, ("all", "email"): False},
        {},
        "send event turned_on",
    ),
    (
        "event off beats category on",
        "order.placed",
        EMAIL,
        {("event:order.placed", "email"): False, ("category:orders", "email"): True, ("all", "email"): True},
        {},
        "skip event turned_off",
    ),
    (
        "category beats channel",
        "order.placed",
        EMAIL,
        {("category:orders", "email"): True, ("all", "email"): False},
        {},
        "send category turned_on",
    ),
    (
        "category off beats channel on",
        "order.placed",
        EMAIL,
        {("category:orders", "email"): False, ("all", "email"): True},
        {},
        "skip category turned_off",
    ),
    ("channel off", "order.placed", EMAIL, {("all", "email"): False}, {}, "skip channel turned_off"),
    ("another event", "order.placed", EMAIL, {("event:order.changed", "email"): False}, {}, "send default by_default"),
    # On one level the channel itself beats all channels; nobody is told of what is off.
    (
        "the channel beats all of them",
        "order.placed",
        EMAIL,
        {("category:orders", "*"): False, ("category:orders", "email"): True},
        {},
        "send category turned_on",
    ),
    (
        "and in the other direction",
        "order.placed",
        EMAIL,
        {("category:orders", "*"): True, ("category:orders", "email"): False},
        {},
        "skip category turned_off",
    ),
    ("all channels off", "order.placed", PUSH, {("all", "*"): False}, {}, "skip channel turned_off"),
    # Marketing needs consent for itself.
    ("no consent", "platform.news", EMAIL, {}, {}, "skip default no_consent"),
    ("e-mails are no consent", "platform.news", EMAIL, {("all", "email"): True}, {}, "skip default no_consent"),
    ("consent", "platform.news", EMAIL, {("category:news", "email"): True}, {}, "send category turned_on"),
    (
        "consent to one event",
        "platform.news",
        EMAIL,
        {("event:platform.news", "email"): True},
        {},
        "send event turned_on",
    ),
    ("taken back", "platform.news", EMAIL, {("category:news", "email"): False}, {}, "skip category turned_off"),
    # What costs money is for who asked for it.
    ("not asked for", "message.unread", SMS_IF_ASKED, {}, {}, "skip default not_asked_for"),
    ("asked for", "message.unread", SMS_IF_ASKED, {("category:messages", "sms"): True}, {}, "send category turned_on"),
    ("asked for at all", "message.unread", SMS_IF_ASKED, {("all", "sms"): True}, {}, "send channel turned_on"),
]


@pytest.mark.parametrize(
    ("kind", "rung", "choices", "suppressed", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_the_first_level_that_has_something_to_say_decides(
    kind: str, rung: Rung, choices: dict[tuple[str, str], bool], suppressed: dict[str, str], expected: str
) -> None:
    found = decide(rule_for(kind), rung, kind, rung.channel, choices, suppressed, CHAT)

    assert f"{'send' if found.send else 'skip'} {found.level} {found.reason}" == expected


def test_an_event_that_was_published_as_critical_passes_what_people_chose() -> None:
    choices: dict[tuple[str, str], bool] = {("all", "*"): False}

    found = decide(rule_for("order.placed", CRITICAL), EMAIL, "order.placed", "email", choices, {}, None)

    assert found == Verdict(send=True, level="critical", reason="critical")


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ({}, False),
        ({("all", "whatsapp"): True}, True),
        ({("category:orders", "whatsapp"): True}, True),
        ({("event:order.placed", "whatsapp"): True}, True),
        ({("event:order.placed", "whatsapp"): False, ("all", "whatsapp"): True}, False),
        ({("category:messages", "whatsapp"): True}, False),
        ({("all", "*"): True}, False),
    ],
)
def test_whatsapp_takes_the_place_of_sms_only_when_it_was_asked_for_by_name(
    choices: dict[tuple[str, str], bool],
    expected: bool,  # noqa: FBT001  (pytest gives it by name)
) -> None:
    channel: Channel = "whatsapp"

    assert wants(choices, "order.placed", "orders", channel) is expected


@pytest.mark.parametrize(
    ("roles", "data", "expected"),
    [
        ((), {}, "fan"),
        (("creator",), {}, "creator"),
        (None, {}, "fan"),
        (("creator",), {"fan_id": "jo"}, "fan"),
        ((), {"creator_id": "jo"}, "creator"),
        (("creator",), {"fan_id": "eve", "creator_id": "ann"}, "creator"),
    ],
)
def test_the_events_data_say_in_which_role_it_concerns_a_person(
    roles: tuple[str, ...] | None, data: dict[str, str], expected: str
) -> None:
    assert role_of("jo", roles, data) == expected
