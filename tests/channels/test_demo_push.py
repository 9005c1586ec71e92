"""Push in the demo: everything is captured, and real devices get it too."""

from collections.abc import AsyncIterator

import pytest

from hub.channels.base import Accepted, Gone, NotWanted
from hub.channels.capture import CaptureSender
from hub.channels.demo_push import DemoPush
from hub.channels.push import PushSender
from hub.clock import SystemClock
from persistence import captured
from persistence.engine import Connections
from persistence.uow import Database
from tests.channels.conformance import no, yes
from tests.channels.pushing import push, push_settings
from tests.doubles.push_service import PushDouble


@pytest.fixture
async def database(sqlite_url: str) -> AsyncIterator[Database]:
    made = Database(Connections(sqlite_url), SystemClock())
    yield made
    await made.connections.close()


@pytest.fixture
async def double() -> AsyncIterator[PushDouble]:
    made = PushDouble()
    async with made.running():
        yield made


@pytest.fixture
async def demo(database: Database, double: PushDouble) -> AsyncIterator[DemoPush]:
    settings = push_settings(double.url)
    made = DemoPush(PushSender(settings), CaptureSender(database, "push", settings))
    yield made
    await made.close()


async def shown(database: Database) -> list[str]:
    async with database.read() as connection:
        return [row.subject for row in await captured.newest(connection, user_id="fan", channel="push")]


async def test_a_real_device_gets_it_and_it_is_shown_too(
    demo: DemoPush, double: PushDouble, database: Database
) -> None:
    assert isinstance(await demo.send(push(double.subscribe()), yes), Accepted)

    assert len(double.taken) == 1
    assert await shown(database) == ["Nadège"]


async def test_a_device_of_the_sandbox_is_only_shown(demo: DemoPush, double: PushDouble, database: Database) -> None:
    subscription = double.subscribe(origin="https://sandbox.invalid")

    assert isinstance(await demo.send(push(subscription), yes), Accepted)

    assert double.requests == 0
    assert await shown(database) == ["Nadège"]


async def test_without_a_key_everything_is_only_shown(double: PushDouble, database: Database) -> None:
    demo = DemoPush(None, CaptureSender(database, "push", push_settings()))
    message = push(double.subscribe())

    assert isinstance(await demo.send(message, yes), Accepted)

    assert await demo.ask(message) is None
    assert double.requests == 0
    assert await shown(database) == ["Nadège"]
    await demo.close()


async def test_the_outcome_is_that_of_the_real_device(demo: DemoPush, double: PushDouble) -> None:
    subscription = double.subscribe()
    double.expire(subscription)

    assert await demo.send(push(subscription), yes) == Gone("HTTP 410")


async def test_what_is_not_wanted_is_neither_shown_nor_sent(
    demo: DemoPush, double: PushDouble, database: Database
) -> None:
    for origin in ("", "https://sandbox.invalid"):
        assert await demo.send(push(double.subscribe(origin=origin)), no) == NotWanted()

    assert double.requests == 0
    assert await shown(database) == []
