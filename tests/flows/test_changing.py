"""Changing a message: edit, delete, react, reply; who may, and that repeats change nothing."""

from typing import Any

from tests.flows.story import caught_up, log_of, opened
from tests.running import Person, RunningHub


class Chat:
    """A fan, a creator and a moderator in one conversation; the fan has sent one message."""

    fan: Person
    creator: Person
    moderator: Person
    id: str

    async def begin(self, hub: RunningHub) -> "Chat":
        members = [
            {"user_id": "fan", "role": "fan"},
            {"user_id": "creator", "role": "creator"},
            {"user_id": "moderator", "role": "moderator"},
        ]
        created = await hub.ok("POST", "/api/v1/conversations", {"kind": "support", "members": members})
        self.id = created["conversation"]["id"]
        self.fan, self.creator, self.moderator = [
            await opened(hub, self.id, each, each) for each in ("fan", "creator", "moderator")
        ]
        await self.fan.send(self.id, "helo")
        return self

    async def change(self, person: Person, event: str, **more: Any) -> Any:
        return (await person.ask(event, conversation_id=self.id, seq=1, **more))["message"]

    async def refusal(self, person: Person, event: str, **more: Any) -> str:
        return str((await person.refused(event, **{"conversation_id": self.id, "seq": 1, **more}))["code"])

    async def rev(self, person: Person) -> int:
        listed = await person.ask("conversation.list")
        return int(listed["conversations"][0]["head"]["rev"])


async def test_an_edit_reaches_everybody_and_stays(hub: RunningHub) -> None:
    chat = await Chat().begin(hub)

    edited = await chat.change(chat.fan, "message.edit", body="hello")

    assert (edited["body"], edited["seq"], edited["rev"]) == ("hello", 1, 2)
    assert edited["edited_at"] >= edited["created_at"]
    told = await chat.creator.received("message.updated")
    assert told == {"conversation_id": chat.id, "rev": 2, "message": edited}
    history = await chat.creator.ask("conversation.history", conversation_id=chat.id)
    assert history["messages"] == [edited]


async def test_only_the_sender_edits(hub: RunningHub) -> None:
    chat = await Chat().begin(hub)

    assert await chat.refusal(chat.creator, "message.edit", body="no") == "access.denied"
    assert await chat.refusal(chat.moderator, "message.edit", body="no") == "access.denied"
    stranger = await hub.connected("stranger", "admin")
    assert await chat.refusal(stranger, "message.edit", body="no") == "conversation.not_found"
    assert await chat.rev(chat.fan) == 1


async def test_a_deleted_message_keeps_its_number_and_loses_its_content(hub: RunningHub) -> None:
    chat = await Chat().begin(hub)
    await chat.change(chat.creator, "message.react", emoji="👍")

    deleted = await chat.change(chat.fan, "message.delete")

    assert (deleted["seq"], deleted["body"], deleted["body_state"]) == (1, "", "deleted")
    assert deleted["reactions"] == {}
    assert deleted["deleted_at"]
    assert (await chat.creator.received("message.deleted"))["message"] == deleted
    assert await chat.refusal(chat.fan, "message.edit", body="back") == "message.deleted"
    assert await chat.refusal(chat.fan, "message.react", emoji="👍") == "message.deleted"
    synced = await chat.creator.ask("conversation.sync", cursors=[{"conversation_id": chat.id, "rev": 0}])
    assert {change["message"]["body"] for change in synced["results"][0]["changes"]} == {""}


async def test_staff_who_take_part_may_delete_and_others_may_not(hub: RunningHub) -> None:
    chat = await Chat().begin(hub)

    assert await chat.refusal(chat.creator, "message.delete") == "access.denied"
    outsider = await hub.connected("outsider", "moderator")
    assert await chat.refusal(outsider, "message.delete") == "conversation.not_found"
    deleted = await chat.change(chat.moderator, "message.delete")
    assert deleted["body_state"] == "deleted"


async def test_reactions_name_who_chose_them_in_order(hub: RunningHub) -> None:
    chat = await Chat().begin(hub)

    await chat.change(chat.creator, "message.react", emoji="🎉")
    both = await chat.change(chat.fan, "message.react", emoji="🎉")
    one = await chat.change(chat.creator, "message.react", emoji="🎉", action="remove")
    none = await chat.change(chat.fan, "message.react", emoji="🎉", action="remove")

    assert both["reactions"] == {"🎉": ["creator", "fan"]}
    assert one["reactions"] == {"🎉": ["fan"]}
    assert none["reactions"] == {}


async def test_a_message_holds_twenty_different_reactions(hub: RunningHub) -> None:
    chat = await Chat().begin(hub)

    for number in range(20):
        await chat.change(chat.fan, "message.react", emoji=f"e{number}")

    assert await chat.refusal(chat.creator, "message.react", emoji="e20") == "request.invalid"
    joined = await chat.change(chat.creator, "message.react", emoji="e19")
    assert len(joined["reactions"]) == 20


async def test_repeating_a_change_takes_no_rev_and_tells_nobody(hub: RunningHub) -> None:
    chat = await Chat().begin(hub)

    for _ in range(2):
        await chat.change(chat.fan, "message.edit", body="hello")
        await chat.change(chat.creator, "message.react", emoji="👍")
    for _ in range(2):
        await chat.change(chat.creator, "message.react", emoji="👍", action="remove")
    for _ in range(2):
        await chat.change(chat.fan, "message.delete")

    assert await chat.rev(chat.fan) == 5
    await caught_up(chat.creator, chat.id, 5)
    assert log_of(chat.creator, chat.id) == [
        ("message.new", 1),
        ("message.updated", 2),
        ("message.updated", 3),
        ("message.updated", 4),
        ("message.deleted", 5),
    ]


async def test_a_reply_names_a_message_that_exists(hub: RunningHub) -> None:
    chat = await Chat().begin(hub)

    reply = await chat.creator.send(chat.id, "hello to you", reply_to_seq=1)

    assert reply["reply_to_seq"] == 1
    wish = {"conversation_id": chat.id, "client_message_id": "m", "body": "to whom?", "reply_to_seq": 9}
    assert (await chat.fan.refused("message.send", **wish))["code"] == "request.invalid"
    assert await chat.refusal(chat.fan, "message.react", seq=9, emoji="👍") == "message.not_found"
