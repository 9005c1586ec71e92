"""When an unread message gives an e-mail, and when it does not; time is moved by hand."""

from tests.notifications.conftest import DELAY
from tests.notifications.road import Road


async def test_nothing_goes_out_before_the_delay_has_passed(road: Road) -> None:
    await road.write()

    await road.work(DELAY - 0.001)

    assert await road.states() == ["held"]
    assert await road.captures() == []


async def test_an_unread_message_gives_exactly_one_email(road: Road) -> None:
    await road.write("Hello!")

    await road.work()
    await road.work(DELAY)
    await road.work(10 * DELAY)

    (mail,) = await road.captures()
    assert (mail.user_id, mail.recipient, mail.subject) == ("fan", "fan@example.com", "New message from Creator")
    assert await road.states() == ["accepted"]


async def test_a_burst_gives_one_email_that_counts_them(road: Road) -> None:
    for number in range(5):
        await road.write(f"Message {number}")
        await road.work(1)

    await road.work(DELAY)
    await road.work(10 * DELAY)

    (mail,) = await road.captures()
    assert mail.subject == "5 new messages from Creator"
    assert "Message 0" in mail.text
    assert "Message 1" not in mail.text


async def test_reading_before_the_delay_cancels_in_the_same_transaction(road: Road) -> None:
    seq = await road.write()
    await road.work()

    await road.read(seq)

    assert await road.deliveries() == [("cancelled", "read", 0)]
    await road.work(10 * DELAY)
    assert await road.captures() == []


async def test_reading_before_the_relay_ran_plans_nothing(road: Road) -> None:
    await road.read(await road.write())

    await road.work(DELAY)

    assert await road.states() == []


async def test_reading_the_first_but_not_the_later_message_keeps_the_later_one_in_the_digest(road: Road) -> None:
    first = await road.write("first")
    await road.work(20)
    await road.write("second")
    await road.work()
    await road.read(first)

    await road.work(DELAY - 20.001)
    assert await road.captures() == []
    await road.work(0.001)

    (mail,) = await road.captures()
    assert mail.subject == "New message from Creator"
    assert "second" in mail.text
    assert "first" not in mail.text


async def test_a_message_that_was_deleted_meanwhile_gives_no_email(road: Road) -> None:
    seq = await road.write("oops")
    await road.work()
    await road.hub.services.changes.delete("creator", [], road.conversation_id, seq)

    await road.work(DELAY)

    assert await road.deliveries() == [("cancelled", "read", 0)]
    assert await road.captures() == []


async def test_an_edited_message_is_told_as_it_is_now(road: Road) -> None:
    seq = await road.write("tpyo")
    await road.work()
    await road.hub.services.changes.edit("creator", road.conversation_id, seq, "typo")

    await road.work(DELAY)

    (mail,) = await road.captures()
    assert "> typo" in mail.text


async def test_conversations_share_an_email_that_tells_of_each(road: Road) -> None:
    other = await road.another_conversation()
    await road.write("here")
    await road.write("there", to=other)

    await road.work(DELAY)

    (mail,) = await road.captures()
    for conversation_id, body in ((road.conversation_id, "here"), (other, "there")):
        assert f"?conversation={conversation_id}" in mail.text
        assert body in mail.text


async def test_a_person_without_an_address_gets_no_email_and_it_is_recorded(road: Road) -> None:
    await road.person("fan", email=None)
    await road.write()

    await road.work(DELAY)

    (told,) = await road.notifications(user_id="fan")
    reasons = {each["channel"]: (each["verdict"], each["reason"]) for each in await road.decisions(told.id)}
    assert reasons["email"] == ("skip", "no_address")
    assert reasons["in_app"] == ("send", "by_default")
    assert await road.captures() == []


async def test_an_address_that_is_gone_when_the_email_is_due_is_recorded(road: Road) -> None:
    await road.write()
    await road.work()
    await road.person("fan", email=None)

    await road.work(DELAY)

    assert await road.deliveries() == [("suppressed", "no_address", 0)]
    assert await road.captures() == []


async def test_an_erased_person_is_told_nothing(road: Road) -> None:
    await road.write()
    await road.work()
    await road.hub.services.users.erase("fan")

    await road.work(DELAY)

    assert await road.captures() == []
    assert not {"planned", "held", "ready", "sending", "accepted"}.intersection(await road.states())


async def test_messages_after_an_email_give_another_one(road: Road) -> None:
    seq = await road.write("first")
    await road.work(DELAY)
    await road.read(seq)
    await road.write("second")

    await road.work(DELAY)

    assert [mail.text.splitlines()[4] for mail in await road.captures()] == ["> first", "> second"]
