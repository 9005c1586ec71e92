"""POST, GET and DELETE /events: who may publish what, each event once, and how far it is."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.running import PATIENCE, RunningHub

PATH = "/api/v1/events"
BODY: dict[str, Any] = {"type": "order.placed", "recipients": ["fan"], "data": {"order_id": "A17"}}
NOBODY = "0197e000-0000-7000-8000-000000000000"


async def post(hub: RunningHub, body: Any = BODY, **options: Any) -> tuple[int, Any]:
    return await hub.http("POST", PATH, body, **options)


async def progress(hub: RunningHub, event_id: str) -> Any:
    return await hub.ok("GET", f"{PATH}/{event_id}")


async def until(hub: RunningHub, event_id: str, wanted: Callable[[Any], bool]) -> Any:
    """The event's progress, once it is as wanted."""
    async with asyncio.timeout(PATIENCE):
        found = await progress(hub, event_id)
        while not wanted(found):
            await asyncio.sleep(0.02)
            found = await progress(hub, event_id)
        return found


BAD = [
    {},
    [],
    {**BODY, "type": ""},
    {**BODY, "type": "Order.Placed"},
    {**BODY, "type": "order."},
    {**BODY, "type": "order.placed\n"},
    {**BODY, "type": "a.b.c"},
    {**BODY, "type": "x" * 33},
    {**BODY, "type": 7},
    {**BODY, "surprise": 1},
    {**BODY, "data": []},
    {**BODY, "data": "x"},
    {"type": "order.placed"},
    {**BODY, "recipients": []},
    {**BODY, "recipients": "fan"},
    {**BODY, "recipients": ["fan", "fan"]},
    {**BODY, "recipients": ["fan", ""]},
    {**BODY, "recipients": [None]},
    {**BODY, "recipients": [f"u{number}" for number in range(1001)]},
    {**BODY, "audience": {"all": True}},
    {"type": "platform.news", "audience": {}},
    {"type": "platform.news", "audience": {"all": True, "roles": ["fan"]}},
    {"type": "platform.news", "audience": {"all": False}},
    {"type": "platform.news", "audience": {"roles": ["king"]}},
    {"type": "platform.news", "audience": {"locales": ["not a language"]}},
    {**BODY, "dedupe_key": ""},
    {**BODY, "dedupe_key": "x" * 256},
    {**BODY, "priority": "urgent"},
    {**BODY, "priority": 0},
    {**BODY, "send_at": "tomorrow"},
    {**BODY, "send_at": "2030-01-01T00:00:00"},
    {**BODY, "send_at": "2030-01-01T00:00:00Z", "delay_seconds": 1},
    {**BODY, "delay_seconds": -1},
    {**BODY, "delay_seconds": 31_536_001},
    {**BODY, "delay_seconds": 1.5},
    {**BODY, "expires_at": "2001-01-01T00:00:00Z"},
    {**BODY, "send_at": "2030-01-02T00:00:00Z", "expires_at": "2030-01-01T00:00:00Z"},
    {**BODY, "conversation_id": "x"},
    {**BODY, "seq": 0},
    {**BODY, "seq": 2**31},
]


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
async def test_what_makes_no_sense_is_refused(edge: RunningHub, body: Any) -> None:
    status, answer = await post(edge, body)

    assert (status, answer["error"]["code"]) == (400, "request.invalid")


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"priority": "critical"},
        {"delay_seconds": 0},
        {"send_at": "2030-01-01T00:00:00+01:00"},
        {"expires_at": "2030-01-01T00:00:00Z"},
        {"conversation_id": NOBODY, "seq": 1},
        {"data": {"title": "\u202e\0 {{ 7 * 7 }} <b>", "amount": -1, "nested": {"a": [None, True, 1e300]}}},
        {"recipients": [f"u{number}" for number in range(1000)]},
    ],
    ids=range(8),
)
async def test_what_makes_sense_is_taken(hub: RunningHub, more: dict[str, Any]) -> None:
    status, answer = await post(hub, {**BODY, **more})

    assert status == 202
    assert len(answer["data"]["notifications"]) == len(more.get("recipients", ["fan"]))
    async with asyncio.timeout(PATIENCE):  # whatever the data say, it does not get stuck
        while await hub.hub.relay.run_once():
            pass


@pytest.mark.parametrize(("role", "status"), [("service", 202), ("admin", 202), ("fan", 403), ("creator", 403)])
async def test_services_publish_and_people_do_not(edge: RunningHub, role: str, status: int) -> None:
    token = edge.token("someone", role)

    assert (await post(edge, token=token))[0] == status
    other = 404 if status == 202 else 403
    for method in ("GET", "DELETE"):
        assert (await edge.http(method, f"{PATH}/{NOBODY}", token=token))[0] == other


async def test_without_a_token_nothing_is_published(edge: RunningHub) -> None:
    for method, path in (("POST", PATH), ("GET", f"{PATH}/{NOBODY}"), ("DELETE", f"{PATH}/{NOBODY}")):
        assert (await edge.http(method, path, BODY if method == "POST" else None, token=""))[0] == 401


@pytest.mark.parametrize("event_id", [NOBODY, "x", NOBODY.upper().replace("0", "A"), "1" * 300])
async def test_what_is_no_event_is_not_found(edge: RunningHub, event_id: str) -> None:
    for method in ("GET", "DELETE"):
        status, answer = await edge.http(method, f"{PATH}/{event_id}")
        assert (status, answer["error"]["code"]) == (404, "event.not_found")


async def test_an_event_is_told_and_its_progress_shows_it(hub: RunningHub) -> None:
    await hub.user("fan", email="fan@example.com")
    status, answer = await post(hub)
    assert status == 202
    event_id = answer["data"]["event_id"]

    found = await until(hub, event_id, lambda found: found["deliveries"] == {"accepted": 2})

    assert found == {
        "event_id": event_id,
        "type": "order.placed",
        "state": "published",
        "planned": 1,
        "deliveries": {"accepted": 2},
    }
    captured = (await hub.ok("GET", "/api/v1/dev/deliveries", token=""))["deliveries"]
    assert [each["notification_id"] for each in captured] == answer["data"]["notifications"]


async def test_a_stranger_among_the_recipients_spoils_nothing(hub: RunningHub) -> None:
    await hub.user("fan", email="fan@example.com")

    _, answer = await post(hub, {**BODY, "recipients": ["nobody", "fan"]})

    await until(hub, answer["data"]["event_id"], lambda found: found["deliveries"] == {"accepted": 2})
    stranger = answer["data"]["notifications"][0]
    traced = await hub.ok("GET", f"/api/v1/notifications/{stranger}/trace")
    assert [each["reason"] for each in traced["decisions"]] == ["unknown_person"]


async def test_the_same_key_is_the_same_event_and_another_body_is_refused(hub: RunningHub) -> None:
    keyed = {**BODY, "dedupe_key": "order-A17-placed"}

    first, again = await post(hub, keyed), await post(hub, keyed)
    other = await post(hub, {**keyed, "data": {"order_id": "A18"}})
    new = await post(hub, {**keyed, "dedupe_key": "order-A18-placed"})

    assert again == first
    assert (other[0], other[1]["error"]["code"]) == (422, "idempotency.conflict")
    assert new[1]["data"]["event_id"] != first[1]["data"]["event_id"]


async def test_the_same_key_many_times_at_once_is_one_event(hub: RunningHub) -> None:
    answers = await asyncio.gather(*(post(hub, {**BODY, "dedupe_key": "k"}) for _ in range(12)))

    assert {status for status, _ in answers} == {202}
    assert len({answer["data"]["event_id"] for _, answer in answers}) == 1


async def test_an_idempotency_key_repeats_the_answer(hub: RunningHub) -> None:
    headers = {"Idempotency-Key": "k-1"}

    first, again = await post(hub, headers=headers), await post(hub, headers=headers)
    other = await post(hub, {**BODY, "type": "order.changed"}, headers=headers)

    assert again == first
    assert (other[0], other[1]["error"]["code"]) == (422, "idempotency.conflict")


async def test_without_a_key_each_event_is_new(hub: RunningHub) -> None:
    first, second = await post(hub), await post(hub)

    assert first[1]["data"]["event_id"] != second[1]["data"]["event_id"]


async def test_a_taken_back_event_is_told_to_nobody(hub: RunningHub) -> None:
    await hub.user("fan", email="fan@example.com")
    _, answer = await post(hub, {**BODY, "delay_seconds": 3600})
    event_id = answer["data"]["event_id"]
    assert (await progress(hub, event_id))["state"] == "scheduled"

    taken_back = await hub.ok("DELETE", f"{PATH}/{event_id}")

    assert taken_back["state"] == "cancelled"
    assert taken_back["deliveries"] == {}
    assert await hub.ok("DELETE", f"{PATH}/{event_id}") == taken_back


async def test_an_announcement_has_no_ids_and_ends(hub: RunningHub) -> None:
    for user_id in ("fan", "creator"):
        await hub.user(user_id)

    status, answer = await post(hub, {"type": "platform.news", "audience": {"all": True}})

    assert (status, answer["data"]["notifications"]) == (202, [])
    found = await until(hub, answer["data"]["event_id"], lambda found: found["state"] == "done")
    assert found["planned"] >= 2
