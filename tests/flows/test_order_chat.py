"""Stories of an order chat, over real sockets, on both databases."""

from uuid import uuid4

from tests.running import RunningHub


async def test_a_fan_and_a_creator_talk_about_an_order(hub: RunningHub) -> None:
    conversation_id = await hub.order_chat()
    fan, creator = await hub.connected("fan"), await hub.connected("creator", "creator")
    for person in (fan, creator):
        opened = await person.ask("conversation.open", conversation_id=conversation_id)
        assert opened["head"] == {"seq": 0, "rev": 0}
        assert opened["can_send"]

    sent = await fan.send(conversation_id, "Hello!")
    heard = await creator.received("message.new")

    assert heard == {"conversation_id": conversation_id, "rev": 1, "message": sent}
    assert (sent["seq"], sent["rev"], sent["sender_id"]) == (1, 1, "fan")
    read = await creator.ask("message.read", conversation_id=conversation_id, seq=1)
    assert read == {"delivered_seq": 1, "read_seq": 1, "unread": 0}
    receipt = await fan.received("receipt.updated")
    assert receipt == {
        "conversation_id": conversation_id,
        "user_id": "creator",
        "delivered_seq": 1,
        "read_seq": 1,
    }


async def test_a_duplicate_send_acks_the_original(hub: RunningHub) -> None:
    conversation_id = await hub.order_chat()
    fan = await hub.connected("fan")
    wish = {"conversation_id": conversation_id, "client_message_id": str(uuid4()), "body": "once"}

    first = await fan.ask("message.send", **wish)
    await fan.ask("message.edit", conversation_id=conversation_id, seq=1, body="edited")
    again = await fan.ask("message.send", **wish)

    assert not first["deduplicated"]
    assert again["deduplicated"]
    assert again["message"]["id"] == first["message"]["id"]
    conflict = await fan.refused("message.send", **(wish | {"body": "other"}))
    assert conflict["code"] == "message.conflict"
