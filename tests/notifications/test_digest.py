"""Digests: one e-mail for all that a person has not read, rendered when it goes out."""

import asyncio

import pytest

from hub.notifications.contents import SHOWN_IN_DIGEST
from tests.conftest import in_thread, make_settings
from tests.databases import PostgresDatabases
from tests.notifications.conftest import DELAY
from tests.notifications.road import Road, open_road


@pytest.fixture
async def chats(road: Road) -> list[str]:
    """Three conversations of the fan, with three creators."""
    for user_id in ("ann", "bea"):
        await road.person(user_id)
    return [
        road.conversation_id,
        await road.another_conversation(creator="ann"),
        await road.another_conversation(creator="bea"),
    ]


WRITERS = ("creator", "ann", "bea")


async def test_several_conversations_give_one_email_that_counts_them(road: Road, chats: list[str]) -> None:
    for number, (chat, writer) in enumerate(zip(chats, WRITERS, strict=True)):
        for _ in range(number + 1):
            await road.write(f"from {writer}", to=chat, by=writer)

    await road.work(DELAY)
    await road.work(10 * DELAY)

    (mail,) = await road.captures()
    assert "6" in mail.subject
    for chat, writer in zip(chats, WRITERS, strict=True):
        assert f"?conversation={chat}" in mail.text
        assert writer.title() in mail.text
        assert f"?conversation={chat}" in mail.html
    assert await road.states() == ["accepted"]
    assert {row.state for row in await road.rows("email", user_id="fan")} == {"accepted"}


async def test_what_was_read_before_it_goes_out_is_not_in_it(road: Road, chats: list[str]) -> None:
    seqs = [await road.write(f"from {by}", to=chat, by=by) for chat, by in zip(chats, WRITERS, strict=True)]
    await road.work(DELAY / 2)
    await road.read(seqs[1], of=chats[1])

    await road.work(DELAY / 2)

    (mail,) = await road.captures()
    assert "2" in mail.subject
    assert chats[1] not in mail.text
    assert sorted(row.state for row in await road.rows("email")) == ["accepted", "accepted", "accepted", "cancelled"]


async def test_a_digest_of_what_was_all_read_is_cancelled(road: Road, chats: list[str]) -> None:
    seqs = [await road.write(to=chat, by=by) for chat, by in zip(chats, WRITERS, strict=True)]
    await road.work(DELAY / 2)

    for chat, seq in zip(chats, seqs, strict=True):
        await road.read(seq, of=chat)

    assert await road.deliveries() == [("cancelled", "read", 0)]
    await road.work(10 * DELAY)
    assert await road.captures() == []


async def test_messages_after_a_cancelled_digest_open_a_new_one(road: Road) -> None:
    await road.read(await road.write("first"))
    first = await road.write("second")
    await road.work(DELAY / 2)
    await road.read(first)
    await road.write("third")

    await road.work(DELAY)

    (mail,) = await road.captures()
    assert "third" in mail.text
    assert await road.states() == ["cancelled", "accepted"]


async def test_what_comes_after_it_went_out_opens_a_new_one_that_tells_of_itself_alone(
    road: Road, chats: list[str]
) -> None:
    await road.write("early", to=chats[0])
    await road.work(DELAY)
    await road.write("late", to=chats[1], by="ann")

    await road.work(DELAY)

    first, second = await road.captures()
    assert "early" in first.text
    assert "late" in second.text
    assert "early" not in second.text


async def test_it_goes_out_when_the_first_message_has_waited_long_enough(road: Road, chats: list[str]) -> None:
    await road.write("early", to=chats[0])
    await road.work(DELAY - 1)
    await road.write("late", to=chats[1], by="ann")

    await road.work(1)

    (mail,) = await road.captures()
    assert "early" in mail.text
    assert "late" in mail.text


async def test_the_wait_counts_from_the_message_however_late_it_is_planned(road: Road) -> None:
    await road.write()
    road.clock.forward(DELAY)

    await road.work()

    assert len(await road.captures()) == 1


async def test_many_conversations_are_cut_but_counted_to_the_last(road: Road) -> None:
    for number in range(SHOWN_IN_DIGEST + 3):
        await road.person(f"creator{number}")
        chat = await road.another_conversation(creator=f"creator{number}")
        await road.write(to=chat, by=f"creator{number}")

    await road.work(DELAY)

    (mail,) = await road.captures()
    assert f"{SHOWN_IN_DIGEST + 3}" in mail.subject
    assert mail.text.count("/?conversation=") == SHOWN_IN_DIGEST
    assert "3" in mail.text.replace(mail.subject, "")


async def test_people_have_digests_of_their_own(road: Road) -> None:
    await road.write()
    await road.write(by="fan")

    await road.work(DELAY)

    assert sorted(mail.user_id for mail in await road.captures()) == ["creator", "fan"]


async def test_who_turned_emails_about_messages_off_after_it_opened_gets_none(road: Road) -> None:
    await road.write()
    await road.work()
    await road.choose("fan", "category:messages", "email", allowed=False)

    await road.work(DELAY)

    assert await road.captures() == []
    assert await road.deliveries() == [("suppressed", "category: turned_off", 0)]
    assert not {"held", "planned"} & {row.state for row in await road.rows("email")}, "nothing waits for ever"


async def test_a_conversation_that_is_muted_after_it_opened_is_not_in_it(road: Road, chats: list[str]) -> None:
    await road.write("muted", to=chats[0])
    await road.write("heard", to=chats[1], by="ann")
    await road.work()
    await road.choose("fan", f"conversation:{chats[0]}", "*", allowed=False)

    await road.work(DELAY)

    (mail,) = await road.captures()
    assert "heard" in mail.text
    assert "muted" not in mail.text


async def test_two_planners_at_once_open_one_digest(postgres_databases: PostgresDatabases) -> None:
    url = in_thread(postgres_databases.fresh)
    settings = make_settings(url, unread_email_seconds=DELAY)
    async with open_road(settings) as road, open_road(settings, road.clock) as other:
        await road.begin()
        for number in range(8):
            await road.person(f"creator{number}")
            chat = await road.another_conversation(creator=f"creator{number}")
            await road.write(to=chat, by=f"creator{number}")
        both = (road, other)

        await asyncio.gather(*(each.plan() for each in both))

        assert len(await road.notifications(type="message.digest")) == 1
        await road.work(DELAY)
        (mail,) = await road.captures()
        assert "8" in mail.subject
    in_thread(lambda: postgres_databases.drop(url))
