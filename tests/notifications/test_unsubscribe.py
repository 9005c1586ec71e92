"""Unsubscribing by a link: what the token stands for, what it does not allow, and taking it back."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator

import msgspec
import pytest

from hub.channels.base import Channel
from hub.errors import UnsubscribeInvalid
from hub.notifications.choices import Wishes
from hub.notifications.decisions import decide
from hub.notifications.rules import rule_for
from hub.notifications.unsubscribe import Unsubscriber
from persistence.preferences import of_user
from tests.notifications.desk import Desk, as_json, open_desk


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(database_url) as made:
        yield made


def made(desk: Desk, user_id: str = "fan", channel: Channel = "email", category: str = "messages") -> str:
    token = desk.unsubscriber.make(user_id, channel, category)
    assert token is not None
    return token


async def chosen(desk: Desk, user_id: str = "fan") -> dict[tuple[str, str], bool]:
    async with desk.database.read() as connection:
        return await of_user(connection, user_id)


async def test_one_click_turns_off_what_the_message_was_about_and_nothing_else(desk: Desk) -> None:
    token = made(desk)
    before = {"user": "f***@example.com", "channel": "email", "category": "messages", "subscribed": True}
    assert as_json(await desk.unsubscriber.of(token)) == before

    for _ in range(2):
        assert not (await desk.unsubscriber.apply(token)).subscribed

    assert await chosen(desk) == {("category:messages", "email"): False}
    assert await chosen(desk, "creator") == {}


@pytest.mark.parametrize("by", ["email", "*"])
async def test_one_click_also_turns_off_what_was_chosen_for_an_event_of_the_category(desk: Desk, by: str) -> None:
    await desk.choices.change("fan", Wishes(settings={("event:platform.news", by): True}))
    token = made(desk, category="news")

    await desk.unsubscriber.apply(token)

    rule, choices = rule_for("platform.news"), await chosen(desk)
    assert not decide(rule, rule.rungs[0], "platform.news", "email", choices, {}, None).send


async def test_it_can_be_undone(desk: Desk) -> None:
    await desk.choices.change("fan", Wishes(settings={("category:news", "email"): True}))
    token = made(desk, category="news")

    assert not (await desk.unsubscriber.apply(token)).subscribed
    assert (await desk.unsubscriber.undo(token)).subscribed
    assert await chosen(desk) == {("category:news", "email"): True}


async def test_looking_changes_nothing(desk: Desk) -> None:
    await desk.unsubscriber.of(made(desk))

    assert await chosen(desk) == {}


async def test_nobody_unsubscribes_from_what_is_required(desk: Desk) -> None:
    for category in ("security", "payments"):
        assert desk.unsubscriber.make("fan", "email", category) is None


async def test_a_number_is_masked_too(desk: Desk) -> None:
    await desk.person("fan", phone="+50934123456")

    found = await desk.unsubscriber.of(made(desk, channel="sms"))

    assert (found.user, found.subscribed) == ("+509•••3456", False)


async def test_forged_tokens_are_refused_and_change_nothing(desk: Desk) -> None:
    good = made(desk)
    other = desk.settings.model_copy(update={"jwt_secret": desk.settings.jwt_secret.__class__("another secret" * 3)})
    foreign = Unsubscriber(desk.database, other).make("fan", "email", "messages")
    unsigned = urlsafe_b64encode(bytes(16) + msgspec.json.encode(["fan", "email", "messages"])).decode().rstrip("=")
    for token in (
        "",
        "a",
        "é",
        "\0",
        "=" * 40,
        good[:-1],
        good[1:],
        good + "AAAA",
        good[:5] + ("A" if good[5] != "A" else "B") + good[6:],
        made(desk, "creator")[:22] + good[22:],
        unsigned,
        foreign,
        "A" * 513,
        "A" * 100_000,
        made(desk, "nobody"),
    ):
        for act in (desk.unsubscriber.apply, desk.unsubscriber.undo):
            with pytest.raises(UnsubscribeInvalid):
                await act(token or "")
    assert await chosen(desk) == {}
    assert await chosen(desk, "creator") == {}


async def test_a_token_is_the_same_for_ever_and_short_enough_for_a_header(desk: Desk) -> None:
    longest = made(desk, "u" * 128, "whatsapp", "messages")

    assert made(desk) == made(desk)
    assert len(longest) < 512
    assert longest.replace("-", "").replace("_", "").isalnum()
