"""A flood: some requests succeed, the rest are told when to come back, and neighbours notice nothing."""

import asyncio
import json
from uuid import uuid4

from hub.gateway.ratelimit import REQUESTS
from tests.gateway.neighbours import Neighbours
from tests.rawsocket import RawSocket
from tests.running import RunningHub


async def test_a_thousand_events_in_a_second_are_answered_and_most_refused(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    async with RawSocket(edge.base, of.token) as socket:
        for number in range(1000):
            await socket.say(f'42{number}["time.get"]')
        answering = asyncio.create_task(socket.acks(1000))
        await of.live_on()
        acks = await answering

        assert [number for number, _ in acks] == list(range(1000))
        served = [answer for _, answer in acks if answer["success"]]
        refused = [answer["error"] for _, answer in acks if not answer["success"]]
        assert 200 <= len(served) < 900
        assert {error["code"] for error in refused} == {"rate.limited"}
        assert all(error["retryable"] and 0 < error["retry_after_ms"] <= 1000 for error in refused)
        assert {error["details"]["limit"] for error in refused} == {"requests"}


async def test_sends_are_limited_by_themselves_and_per_person(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    async with RawSocket(edge.base, of.token) as phone, RawSocket(edge.base, of.token) as laptop:
        for number in range(75):
            for socket in (phone, laptop):
                await socket.say(f"42{number}" + json.dumps(["message.send", of.send(client_message_id=str(uuid4()))]))
        answers = [answer for socket in (phone, laptop) for _, answer in await socket.acks(75)]
        assert (await phone.ask("time.get"))["success"]
        listed = await phone.ask("conversation.history", {"conversation_id": of.conversation_id, "limit": 100})

    refused = [answer["error"] for answer in answers if not answer["success"]]
    assert {(error["code"], error["details"]["limit"]) for error in refused} == {("rate.limited", "sends")}
    stored = sorted(answer["data"]["message"]["seq"] for answer in answers if answer["success"])
    assert len(stored) >= 100
    assert stored == list(range(1, len(stored) + 1))
    assert listed["data"]["messages"][-1]["seq"] == len(stored)


async def test_http_says_when_to_come_back(edge: RunningHub) -> None:
    token = edge.token("fan", "fan")
    for _ in range(REQUESTS.burst):
        await edge.hub.services.limiter.take(REQUESTS, "fan")

    answers = await asyncio.gather(*(edge.http("GET", "/api/v1/me", token=token) for _ in range(20)))

    refused = [answer["error"] for status, answer in answers if status == 429]
    assert refused
    assert {error["code"] for error in refused} == {"rate.limited"}
    assert (await edge.http("GET", "/api/v1/me", token=edge.token("other", "fan")))[0] == 200
