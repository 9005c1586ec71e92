"""Idempotency-Key: a repeat gets the first answer, another body is refused, failures keep no key."""

import asyncio
from typing import Any

from tests.running import RunningHub

PATH = "/api/v1/conversations"
BODY = {"kind": "direct", "members": [{"user_id": "fan", "role": "fan"}]}


async def post(hub: RunningHub, key: str, body: Any = BODY, **options: Any) -> tuple[int, Any]:
    return await hub.http("POST", PATH, body, headers={"Idempotency-Key": key}, **options)


async def test_a_repeat_gets_the_first_answer_and_another_body_is_refused(hub: RunningHub) -> None:
    first = await post(hub, "k-1")
    again = await post(hub, "k-1")
    other = await post(hub, "k-1", {**BODY, "title": "Other"})
    new = await post(hub, "k-2")

    assert first[0] == 201
    assert again == first
    assert (other[0], other[1]["error"]["code"]) == (422, "idempotency.conflict")
    assert new[1]["data"]["conversation"]["id"] != first[1]["data"]["conversation"]["id"]


async def test_repeats_at_once_create_one(hub: RunningHub) -> None:
    answers = await asyncio.gather(*(post(hub, "k-1") for _ in range(12)))

    assert {status for status, _ in answers} == {201}
    assert len({answer["data"]["conversation"]["id"] for _, answer in answers}) == 1
    listed = await hub.ok("GET", PATH, token=hub.token("fan", "fan"))
    assert len(listed["conversations"]) == 1


async def test_a_key_belongs_to_one_caller(hub: RunningHub) -> None:
    await hub.user("fan")
    mine = {"kind": "direct", "members": [{"user_id": "creator", "role": "creator"}]}

    first = await post(hub, "k-1", mine)
    second = await post(hub, "k-1", mine, token=hub.token("creator", "creator"))

    assert (first[0], second[0]) == (201, 201)
    assert first[1]["data"]["conversation"]["id"] != second[1]["data"]["conversation"]["id"]


async def test_a_failed_request_does_not_use_its_key_up(hub: RunningHub) -> None:
    creator = hub.token("creator", "creator")
    members = [{"user_id": "creator", "role": "creator"}, {"user_id": "fan", "role": "fan"}]
    body = {"kind": "direct", "members": members}

    assert (await post(hub, "k-1", body, token=creator))[0] == 404  # there is no such fan yet
    await hub.user("fan")
    assert (await post(hub, "k-1", body, token=creator))[0] == 201


async def test_a_key_is_1_to_255_printable_characters(edge: RunningHub) -> None:
    for key, status in (("", 400), ("x" * 256, 400), ("a\tb", 400), ("x" * 255, 201), ("schlüssel", 201)):
        assert (await post(edge, key))[0] == status, key
