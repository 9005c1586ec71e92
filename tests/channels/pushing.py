"""Settings, messages and a case for the tests of Web Push."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from hub.channels.base import Push
from hub.channels.push import PushSender
from hub.channels.vapid import make_private_key
from hub.ids import new_id
from hub.settings import Settings
from tests.channels.conformance import Case, yes
from tests.clock import MovableClock
from tests.conftest import make_settings
from tests.doubles.gate import Gate
from tests.doubles.http import Answer, at_once
from tests.doubles.push_service import PushDouble

PAYLOAD = json.dumps({"title": "Nadège", "body": "Videyo ou a pare 🎉", "locale": "ht"}).encode()
PRIVATE_KEY = make_private_key()


def push_settings(base: str = "", **changes: object) -> Settings:
    values = {"vapid_private_key": PRIVATE_KEY, "vapid_base_url": base, "vapid_timeout_seconds": 0.5, **changes}
    return make_settings("sqlite+aiosqlite://", **values)


def push(subscription: dict[str, Any], delivery: str = "", **changes: Any) -> Push:
    values: dict[str, Any] = {
        "delivery_id": delivery or new_id(),
        "notification_id": new_id(),
        "user_id": "fan",
        "to": subscription["endpoint"],
        **subscription["keys"],
        "payload": PAYLOAD,
        "topic": "conversation_1",
        "urgency": "high",
        "ttl_seconds": 3600,
        **changes,
    }
    return Push(**values)


class PushCase(Case):
    def __init__(self, double: PushDouble, clock: MovableClock) -> None:
        self.double, self.clock = double, clock
        self.subscription = double.subscribe()
        self.sender = PushSender(push_settings(double.url), clock)

    async def send(self, **changes: Any) -> Any:
        return await self.sender.send(push(self.subscription, **changes), yes)

    def message(self, delivery_id: str) -> Push:
        return push(self.subscription, delivery_id)

    def taken(self) -> int:
        return len(self.double.taken)

    def connections(self) -> int:
        return self.double.connections

    def refuse_temporarily(self) -> None:
        self.double.always = Answer(503)

    def refuse_for_good(self) -> None:
        self.double.always = Answer(413)

    def refuse_us(self) -> None:
        self.double.always = Answer(401, b"who are you?")

    def stall(self) -> Gate:
        self.double.before = gate = Gate()
        return gate

    def hang_after_taking(self) -> None:
        self.double.after = Gate()

    def cut_after_taking(self) -> None:
        self.double.cut = True

    async def vanish(self) -> None:
        await self.double.vanish()


@asynccontextmanager
async def push_case() -> AsyncIterator[PushCase]:
    clock = MovableClock()
    double = PushDouble(clock=clock)
    async with double.running():
        made = PushCase(double, clock)
        yield made
        await made.sender.close()
        double.before = double.after = at_once
