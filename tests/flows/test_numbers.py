"""Numbers of messages and changes: without holes, and told to everybody in order."""

import asyncio
from typing import Any

from tests.conftest import make_settings
from tests.flows.story import caught_up, conversation, opened, revs_of
from tests.running import Person, RunningHub

SENDERS = [f"fan{number}" for number in range(20)]
EACH = 5


async def test_twenty_senders_at_once_share_one_gapless_numbering(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, *SENDERS)
    people = [await opened(hub, conversation_id, each) for each in SENDERS]
    listener = await opened(hub, conversation_id, "creator", "creator")

    sends = [person.send(conversation_id, f"{person.user_id} {n}") for n in range(EACH) for person in people]
    sent = await asyncio.gather(*sends)

    numbers = list(range(1, len(sends) + 1))
    assert sorted(message["seq"] for message in sent) == numbers
    assert all(message["rev"] == message["seq"] for message in sent)
    for person in [listener, *people]:
        await caught_up(person, conversation_id, numbers[-1])
        assert revs_of(person, conversation_id) == numbers
    news = {payload["rev"]: payload["message"] for payload in listener.named("message.new")}
    assert [news[message["rev"]] for message in sent] == sent
    stored = await listener.ask("conversation.history", conversation_id=conversation_id, limit=100)
    assert [message["seq"] for message in stored["messages"]] == numbers


async def test_each_senders_own_messages_keep_their_order(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    fan = await opened(hub, conversation_id, "fan")

    sent = await asyncio.gather(*(fan.send(conversation_id, str(n)) for n in range(50)))

    assert [message["seq"] for message in sent] == list(range(1, 51))


async def test_sends_edits_and_reactions_at_once_are_told_in_rev_order(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan0", "fan1", "fan2")
    people = [await opened(hub, conversation_id, f"fan{n}") for n in range(3)]
    listener = await opened(hub, conversation_id, "creator", "creator")
    for person in people:
        await person.send(conversation_id, "first")

    async def busy(person: Person, own_seq: int) -> None:
        for n in range(8):
            await asyncio.gather(
                person.send(conversation_id, str(n)),
                person.ask("message.edit", conversation_id=conversation_id, seq=own_seq, body=f"edited {n}"),
                person.ask("message.react", conversation_id=conversation_id, seq=1, emoji=f"{n}"),
            )

    await asyncio.gather(*(busy(person, number) for number, person in enumerate(people, 1)))

    opened_again = await listener.ask("conversation.open", conversation_id=conversation_id)
    last = opened_again["head"]["rev"]
    assert last == 3 + 3 * 8 * 3
    for person in [listener, *people]:
        await caught_up(person, conversation_id, last)
        assert revs_of(person, conversation_id)[-(last - 3) :] == list(range(4, last + 1))


async def test_the_first_messages_of_a_conversation_are_told_once_and_in_order_to_whoever_opens_it_meanwhile(
    database_url: str, start_hub: Any
) -> None:
    hub: RunningHub = await start_hub(make_settings(database_url, database_pool=2))
    watchers = [await hub.connected(f"fan{number}") for number in range(12)]
    sender = await hub.connected("creator", "creator")
    for _ in range(5):
        conversation_id = await conversation(hub, *(person.user_id for person in watchers))

        async def watch(person: Person, of: str = conversation_id) -> int:
            snapshot = await person.ask("conversation.open", conversation_id=of)
            return int(snapshot["head"]["rev"])

        opening = [asyncio.create_task(watch(person)) for person in watchers]
        await asyncio.gather(*(sender.send(conversation_id, str(n)) for n in range(10)))
        heads = await asyncio.gather(*opening)

        for person, head in zip(watchers, heads, strict=True):
            await person.ask("time.get")  # what was told before this answer has come
            if head < 10:
                await caught_up(person, conversation_id, 10)
            assert revs_of(person, conversation_id) == list(range(head + 1, 11))
