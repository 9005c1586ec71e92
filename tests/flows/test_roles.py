"""Kinds of conversations and roles in them."""

import pytest

from tests.flows.story import conversation, opened
from tests.running import RunningHub


@pytest.mark.parametrize("kind", ["order", "direct", "support"])
async def test_people_talk_in_every_kind_of_conversation(live_hub: RunningHub, kind: str) -> None:
    order = {"order_id": "order-7"} if kind == "order" else {}
    conversation_id = await conversation(live_hub, "fan", kind=kind, title="Hello", **order)
    fan = await opened(live_hub, conversation_id, "fan")

    sent = await fan.send(conversation_id, "hi")

    assert sent.get("order_id") == order.get("order_id")
    (listed,) = (await fan.ask("conversation.list"))["conversations"]
    assert (listed["kind"], listed["title"], listed.get("order_id")) == (kind, "Hello", order.get("order_id"))


async def test_an_observer_reads_everything_and_writes_nothing(live_hub: RunningHub) -> None:
    members = [
        {"user_id": "fan", "role": "fan"},
        {"user_id": "creator", "role": "creator"},
        {"user_id": "operator", "role": "observer"},
    ]
    created = await live_hub.ok("POST", "/api/v1/conversations", {"kind": "order", "members": members})
    conversation_id = created["conversation"]["id"]
    fan = await opened(live_hub, conversation_id, "fan")
    operator = await live_hub.connected("operator", "support")
    snapshot = await operator.ask("conversation.open", conversation_id=conversation_id)
    assert (snapshot["can_send"], snapshot["reason"]) == (False, "read_only")

    sent = await fan.send(conversation_id, "hello")

    assert (await operator.received("message.new"))["message"] == sent
    of = {"conversation_id": conversation_id}
    refused = await operator.refused("message.send", **of, client_message_id="m", body="hi")
    assert (refused["code"], refused["details"]) == ("conversation.closed", {"reason": "read_only"})
    assert (await operator.refused("message.react", **of, seq=1, emoji="👍"))["code"] == "conversation.closed"
    assert (await operator.refused("typing.start", **of))["code"] == "access.denied"
    read = await operator.ask("message.read", **of, seq=1)
    assert read["unread"] == 0
    (listed,) = (await operator.ask("conversation.list"))["conversations"]
    assert not listed["can_send"]
    deleted = await operator.ask("message.delete", **of, seq=1)  # platform staff who take part may
    assert deleted["message"]["body_state"] == "deleted"
