"""Receipts: watermarks that only rise, and counts that are the server's own."""

import asyncio

from tests.flows.story import conversation, opened
from tests.running import RunningHub


async def test_watermarks_only_rise_and_delivered_is_never_below_read(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    fan, creator = await opened(hub, conversation_id, "fan"), await opened(hub, conversation_id, "creator", "creator")
    for n in range(6):
        await creator.send(conversation_id, str(n))

    async def told(event: str, seq: int) -> tuple[int, int, int]:
        data = await fan.ask(event, conversation_id=conversation_id, seq=seq)
        return data["delivered_seq"], data["read_seq"], data["unread"]

    assert await told("message.delivered", 4) == (4, 0, 6)
    assert await told("message.delivered", 2) == (4, 0, 6)
    assert await told("message.read", 3) == (4, 3, 3)
    assert await told("message.read", 1) == (4, 3, 3)
    assert await told("message.read", 6) == (6, 6, 0)
    await creator.received("receipt.updated", lambda payload: payload["read_seq"] == 6)
    moves = [(each["delivered_seq"], each["read_seq"]) for each in creator.named("receipt.updated")]
    assert moves == [(4, 0), (4, 3), (6, 6)]  # what did not move was not told
    members = (await creator.ask("conversation.open", conversation_id=conversation_id))["members"]
    assert {each["user_id"]: (each["delivered_seq"], each["read_seq"]) for each in members} == {
        "fan": (6, 6),
        "creator": (0, 0),
    }


async def test_a_message_to_come_cannot_be_read(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    fan, creator = await hub.connected("fan"), await hub.connected("creator", "creator")
    await creator.send(conversation_id, "one")

    for event in ("message.read", "message.delivered"):
        error = await fan.refused(event, conversation_id=conversation_id, seq=2)
        assert (error["code"], error["details"]["field"]) == ("request.invalid", "seq")
    status, answer = await hub.http(
        "POST", f"/api/v1/conversations/{conversation_id}/read", {"seq": 2}, token=fan.token
    )
    assert (status, answer["error"]["code"]) == (400, "request.invalid")
    assert (await fan.ask("message.read", conversation_id=conversation_id, seq=1))["unread"] == 0


async def test_receipts_of_many_devices_at_once_end_at_the_highest(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    creator = await opened(hub, conversation_id, "creator", "creator")
    devices = [await hub.connected("fan") for _ in range(4)]
    for n in range(20):
        await creator.send(conversation_id, str(n))

    await asyncio.gather(
        *(
            device.ask("message.read", conversation_id=conversation_id, seq=seq)
            for seq in range(20, 0, -1)
            for device in devices
        )
    )

    await creator.received("receipt.updated", lambda payload: payload["read_seq"] == 20)
    reads = [each["read_seq"] for each in creator.named("receipt.updated")]
    assert reads == sorted(set(reads))
    final = await devices[0].ask("message.read", conversation_id=conversation_id, seq=1)
    assert final == {"delivered_seq": 20, "read_seq": 20, "unread": 0}


async def test_reading_over_http_is_told_to_open_sockets(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    creator = await opened(hub, conversation_id, "creator", "creator")
    await creator.send(conversation_id, "one")

    data = await hub.ok(
        "POST", f"/api/v1/conversations/{conversation_id}/read", {"seq": 1}, token=hub.token("fan", "fan")
    )

    assert data == {"delivered_seq": 1, "read_seq": 1, "unread": 0}
    assert (await creator.received("receipt.updated"))["user_id"] == "fan"
