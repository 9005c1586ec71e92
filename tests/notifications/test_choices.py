"""Preferences: the matrix with its defaults, what is required, quiet hours, language, muted conversations."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec import UNSET

from hub.errors import RequestInvalid, UserNotFound
from hub.ids import new_id
from hub.notifications import choices
from hub.notifications.choices import QuietTime, Wishes
from persistence.preferences import of_user
from tests.notifications.desk import Desk, as_json, open_desk

MATRIX = {
    # category: in_app, push, email, sms, whatsapp; required
    "orders": ("on", "on", "on", "on", "off", False),
    "payments": ("on", "on", "on", "on", "off", True),
    "messages": ("on", "on", "on", "off", "off", False),
    "ppv": ("on", "on", "off", "off", "off", False),
    "reviews": ("on", "off", "on", "off", "off", False),
    "security": ("on", "on", "on", "on", "off", True),
    "news": ("off", "off", "off", "off", "off", False),
    "other": ("on", "on", "on", "off", "off", False),
}
CHANNELS = ("in_app", "push", "email", "sms", "whatsapp")


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(database_url) as made:
        yield made


def switches(preferences: Any, category: str) -> dict[str, bool]:
    found: dict[str, bool] = next(each.channels for each in preferences.categories if each.category == category)
    return found


async def test_whoever_chose_nothing_has_the_defaults(desk: Desk) -> None:
    await desk.person("fan", phone="+50934123456", quiet_start="22:00", quiet_end="07:00", locale="ht")

    found = as_json(await desk.choices.of("fan"))

    shown = {
        each["category"]: (*("on" if each["channels"][channel] else "off" for channel in CHANNELS), each["required"])
        for each in found["categories"]
    }
    assert shown == MATRIX
    assert (found["locale"], found["time_zone"]) == ("ht", "UTC")
    assert found["quiet_hours"] == {"start": "22:00", "end": "07:00"}
    assert found["channels_available"] == {"in_app": True, "push": False, "email": True, "sms": True, "whatsapp": True}
    assert found["muted_conversations"] == []


@pytest.mark.parametrize(
    ("scope", "channel", "allowed", "category", "expected"),
    [
        ("category:orders", "email", False, "orders", {"email": False, "push": True}),
        ("category:orders", "*", False, "orders", {"in_app": False, "email": False, "push": False, "sms": False}),
        ("category:news", "email", True, "news", {"email": True, "in_app": False}),
        ("all", "email", True, "news", {"email": False}),
        ("all", "push", False, "messages", {"push": False, "email": True}),
        ("all", "email", False, "security", {"email": True}),
        ("category:messages", "sms", True, "messages", {"sms": True, "whatsapp": False}),
        ("category:orders", "whatsapp", True, "orders", {"whatsapp": True, "sms": True}),
        ("category:ppv", "email", True, "ppv", {"email": True}),
        ("event:order.placed", "email", False, "orders", {"email": True}),
    ],
)
async def test_a_choice_shows_in_the_matrix(
    desk: Desk, scope: str, channel: str, category: str, expected: dict[str, bool], *, allowed: bool
) -> None:
    changed = await desk.choices.change("fan", Wishes(settings={(scope, channel): allowed}))

    shown = switches(changed, category)
    assert {key: shown[key] for key in expected} == expected
    back = await desk.choices.change("fan", Wishes(settings={(scope, channel): None}))
    assert back == await desk.choices.of("fan")
    async with desk.database.read() as connection:
        assert await of_user(connection, "fan") == {}


async def test_the_narrower_choice_wins_and_the_last_one_replaces(desk: Desk) -> None:
    await desk.choices.change("fan", Wishes(settings={("all", "email"): False, ("category:orders", "email"): True}))
    found = await desk.choices.change("fan", Wishes(settings={("all", "push"): False, ("all", "email"): False}))

    assert switches(found, "orders")["email"]
    assert not switches(found, "messages")["email"]
    assert not switches(found, "orders")["push"]


async def test_what_is_required_cannot_be_turned_off(desk: Desk) -> None:
    for scope in ("category:security", "category:payments", "event:payout.sent", "event:security.login"):
        with pytest.raises(RequestInvalid) as refused:
            await desk.choices.change("fan", Wishes(settings={("all", "push"): False, (scope, "email"): False}))
        assert refused.value.details["scope"] == scope
    async with desk.database.read() as connection:
        assert await of_user(connection, "fan") == {}
    found = await desk.choices.change("fan", Wishes(settings={("category:payments", "whatsapp"): True}))
    assert switches(found, "payments")["whatsapp"]


async def test_only_what_is_given_changes(desk: Desk) -> None:
    await desk.choices.change("fan", Wishes(quiet_hours=QuietTime("22:00", "07:00"), locale="fr"))
    found = await desk.choices.change("fan", Wishes(time_zone="America/Port-au-Prince"))

    assert (found.locale, found.time_zone) == ("fr", "America/Port-au-Prince")
    assert found.quiet_hours == QuietTime("22:00", "07:00")
    gone = await desk.choices.change("fan", Wishes(quiet_hours=None, locale=UNSET))
    assert (gone.quiet_hours, gone.locale) == (None, "fr")


async def test_muted_conversations_are_listed_until_they_are_not(desk: Desk) -> None:
    here, there = sorted([new_id(), new_id()])
    muted = {(f"conversation:{each}", "*"): False for each in (here, there)}

    assert (await desk.choices.change("fan", Wishes(settings=muted))).muted_conversations == [here, there]
    left = await desk.choices.change("fan", Wishes(settings={(f"conversation:{here}", "*"): None}))
    assert left.muted_conversations == [there]
    assert (await desk.choices.of("creator")).muted_conversations == []


async def test_a_person_has_no_more_choices_than_anybody_needs(desk: Desk) -> None:
    many = {(f"conversation:{new_id()}", "*"): False for _ in range(choices.MOST_CHOICES)}
    await desk.choices.change("fan", Wishes(settings=many))

    with pytest.raises(RequestInvalid):
        await desk.choices.change("fan", Wishes(settings={("all", "push"): False}))
    again = await desk.choices.change("fan", Wishes(settings={next(iter(many)): False}))
    assert len(again.muted_conversations) == choices.MOST_CHOICES


async def test_nobody_has_no_preferences(desk: Desk) -> None:
    with pytest.raises(UserNotFound):
        await desk.choices.of("nobody")
