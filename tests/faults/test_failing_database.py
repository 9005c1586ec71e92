"""The database goes away for a moment: errors are retryable, the hub recovers, nothing acknowledged is lost."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest
from sqlalchemy import text

from hub.ids import new_id
from hub.notifications.planner import Planner, Wish
from tests.conftest import in_thread, make_settings
from tests.doubles.gate import Gate
from tests.doubles.smtp import running_smtp
from tests.faults.chatter import Chatter
from tests.notifications.road import open_road
from tests.processes import hub_process
from tests.running import PATIENCE, Person, RunningHub


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest) -> str:
    """A fresh PostgreSQL database."""
    databases = request.getfixturevalue("postgres_databases")
    url: str = in_thread(databases.fresh)
    request.addfinalizer(lambda: in_thread(lambda: databases.drop(url)))  # noqa: PT021
    return url


async def end_connections(url: str) -> int:
    """Ends all connections to this database but ours, as a restarting server does; how many there were."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        rows = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return len(rows)
    finally:
        await connection.close()


async def test_ended_connections_lose_nothing_acknowledged(postgresql_url: str) -> None:
    async with hub_process(postgresql_url) as hub:
        chatter = await Chatter.on(hub)
        talking = asyncio.create_task(chatter.talk())
        for _ in range(3):
            await chatter.until_acked(chatter.acked + 40)
            assert await end_connections(postgresql_url) > 0
        await chatter.until_acked(chatter.acked + 40)
        chatter.stop()
        await talking

        assert all(client.connected for client in chatter.clients), "an error of the database is no reason to hang up"
        assert not any(client.refused for client in chatter.clients), "such errors are retryable"
        await settled(chatter)
        await chatter.check()
        await chatter.close()


async def settled(chatter: Chatter) -> None:
    """Sends again what met an error, until all of it is acknowledged."""
    async with asyncio.timeout(PATIENCE):
        while any(client.outbox for client in chatter.clients):
            await asyncio.gather(*(client.flush() for client in chatter.clients))
    for client in chatter.clients:
        await client.refresh()


async def test_a_hub_is_not_ready_without_its_database_and_ready_again_with_it(
    postgresql_url: str, start_hub: Callable[..., Awaitable[RunningHub]]
) -> None:
    hub = await start_hub(make_settings(postgresql_url))
    name = postgresql_url.rpartition("/")[2]
    admin = await asyncpg.connect(postgresql_url.replace("+asyncpg", "").replace(name, "postgres"))
    try:
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)

        assert (await hub.http("GET", "/readyz"))[0] == 503
        status, answer = await hub.http("GET", "/api/v1/conversations", token=hub.token("fan", "fan"))
        assert (status, answer["error"]["code"], answer["error"]["retryable"]) == (500, "internal.error", True)

        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert (await hub.http("GET", "/readyz"))[0] == 200
        assert (await hub.http("GET", "/api/v1/conversations", token=hub.token("fan", "fan")))[0] == 200
    finally:
        await admin.close()


async def test_a_resume_that_fails_is_not_left_deaf(hub: RunningHub) -> None:
    """Whoever cannot be brought up to date is told to sync, or is closed; silence would look like no news."""
    conversation_id = await hub.order_chat()
    fan = await hub.connected("fan")
    await fan.send(conversation_id, "first")
    await table(hub, "conversation_change", "elsewhere")

    creator = hub.person("creator", "creator")
    await creator.client.connect(
        hub.base, auth={"token": creator.token, "resume": {conversation_id: 0}}, transports=["websocket"]
    )
    await asyncio.gather(creator.client.call("time.get", timeout=1), return_exceptions=True)  # the resume is over
    await table(hub, "elsewhere", "conversation_change")
    await fan.send(conversation_id, "second")

    await heard_any(creator, {"message.new", "conversation.resync", "session.closing", "disconnect"})


async def test_a_session_that_cannot_be_greeted_is_closed(hub: RunningHub) -> None:
    """A client waits for `session.ready`; when it cannot come, the connection ends, so that the client tries again."""
    await hub.order_chat()
    await table(hub, "message", "elsewhere")
    creator = hub.person("creator", "creator")

    await creator.client.connect(hub.base, auth={"token": creator.token}, transports=["websocket"])

    try:
        await heard_any(creator, {"session.ready", "session.closing", "disconnect"})
    finally:
        await table(hub, "elsewhere", "message")


async def heard_any(person: Person, names: set[str]) -> None:
    async with asyncio.timeout(PATIENCE / 2), person._arrived:
        await person._arrived.wait_for(lambda: names.intersection(name for name, _ in person.events))


async def table(hub: RunningHub, name: str, renamed: str) -> None:
    """Takes a table away, and gives it back: what needs it fails meanwhile."""
    async with hub.hub.database.begin() as tx:
        await tx.connection.execute(text(f"ALTER TABLE {name} RENAME TO {renamed}"))


async def test_an_email_survives_a_database_that_fails_just_before_it_is_sent(postgresql_url: str) -> None:
    """Nothing has reached the mail server yet: the e-mail is surely not out, and must not be given up as unknown."""
    async with running_smtp() as smtp:
        settings = make_settings(
            postgresql_url, unread_email_seconds=0, smtp_host="127.0.0.1", smtp_port=smtp.port, smtp_tls="none"
        )
        async with open_road(settings) as road:
            await road.begin()
            await road.write()
            await road.relay.run_once()
            gate = smtp.on_rcpt = Gate()
            working = asyncio.create_task(road.deliverer.run_once())
            await gate.reached()
            await end_connections(postgresql_url)
            gate.open()
            await asyncio.gather(working, return_exceptions=True)

            for _ in range(3):
                await road.work(3600)

            assert await road.states() == ["accepted"]
            assert len(smtp.accepted) == 1


async def test_a_send_does_not_wait_for_the_durable_road(
    postgresql_url: str, start_hub: Callable[..., Awaitable[RunningHub]]
) -> None:
    """A worker in the middle of its transaction has planned an e-mail; the conversation goes on meanwhile."""
    hub = await start_hub(make_settings(postgresql_url))
    conversation_id = await hub.order_chat()
    fan = await hub.connected("fan")
    async with open_road(make_settings(postgresql_url)) as road, road.database.begin() as tx:
        planner = Planner(make_settings(postgresql_url))
        wish = Wish(
            notification_id=new_id(),
            event_id=new_id(),
            user_id="creator",
            type="message.unread",
            data={},
            at=tx.now,
            conversation_id=conversation_id,
        )
        assert await planner.plan(tx, [wish]) == 1

        async with asyncio.timeout(3):
            await fan.send(conversation_id, "Does this wait?")
