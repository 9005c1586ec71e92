"""Sending the same message again, from wherever: it is stored once."""

import asyncio
from uuid import uuid4

from tests.flows.story import conversation, log_of, opened
from tests.running import RunningHub


async def test_the_same_send_from_two_sockets_at_once_stores_one(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    phone, laptop = [await opened(hub, conversation_id, "fan") for _ in range(2)]

    for number in range(1, 11):
        wish = {"conversation_id": conversation_id, "client_message_id": str(uuid4()), "body": f"{number}"}
        answers = await asyncio.gather(phone.ask("message.send", **wish), laptop.ask("message.send", **wish))
        assert sorted(answer["deduplicated"] for answer in answers) == [False, True]
        assert answers[0]["message"] == answers[1]["message"]
        assert answers[0]["message"]["seq"] == number

    history = await phone.ask("conversation.history", conversation_id=conversation_id)
    assert [message["body"] for message in history["messages"]] == [f"{number}" for number in range(1, 11)]
    for person in (phone, laptop):
        await person.received("message.new", lambda payload: payload["rev"] == 10)
        assert log_of(person, conversation_id) == [("message.new", rev) for rev in range(1, 11)]


async def test_a_send_repeated_over_http_is_the_same_message(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    fan = await hub.connected("fan")
    path = f"/api/v1/conversations/{conversation_id}/messages/m-1"

    by_socket, by_http = await asyncio.gather(
        fan.ask("message.send", conversation_id=conversation_id, client_message_id="m-1", body="once"),
        hub.ok("PUT", path, {"body": "once"}, token=fan.token),
    )

    assert by_socket["message"] == by_http["message"]
    assert by_socket["deduplicated"] != by_http["deduplicated"]
    status, answer = await hub.http("PUT", path, {"body": "other"}, token=fan.token)
    assert (status, answer["error"]["code"]) == (409, "message.conflict")


async def test_one_id_used_for_two_bodies_at_once_stores_one_and_refuses_the_other(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    phone, laptop = await hub.connected("fan"), await hub.connected("fan")

    answers = await asyncio.gather(
        *(
            person.client.call(
                "message.send",
                {"conversation_id": conversation_id, "client_message_id": "same", "body": person.client.sid},
            )
            for person in (phone, laptop)
        )
    )

    stored = [answer["data"]["message"] for answer in answers if answer["success"]]
    refused = [answer["error"] for answer in answers if not answer["success"]]
    assert [error["code"] for error in refused] == ["message.conflict"]
    assert refused[0]["details"] == {"message_id": stored[0]["id"], "seq": 1}


async def test_two_people_may_use_the_same_client_message_id(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    fan, creator = await hub.connected("fan"), await hub.connected("creator", "creator")

    first = await fan.send(conversation_id, "mine", "m-1")
    second = await creator.send(conversation_id, "mine too", "m-1")

    assert (first["seq"], second["seq"]) == (1, 2)


async def test_a_repeat_is_acked_also_after_the_conversation_closed(hub: RunningHub) -> None:
    conversation_id = await conversation(hub, "fan")
    fan = await hub.connected("fan")
    sent = await fan.send(conversation_id, "in time", "m-1")
    await hub.ok("POST", f"/api/v1/conversations/{conversation_id}/close", {})

    again = await fan.send(conversation_id, "in time", "m-1")

    assert again == sent
