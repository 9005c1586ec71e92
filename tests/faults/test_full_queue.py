"""A million deliveries that wait for later: what is due now is found without looking at them."""

import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event

from tests.clock import MovableClock
from tests.conftest import in_thread, make_settings
from tests.databases import PostgresDatabases
from tests.notifications.post import Posts
from tests.notifications.road import Road, open_road

LATER = 1_000_000
FEW_BUFFERS = 60
"""Pages of 8 KiB that a statement may touch; the table and its indexes have tens of thousands."""
DUE = 20


@pytest.fixture
def postgresql_url(postgres_databases: PostgresDatabases) -> Iterator[str]:
    url = in_thread(postgres_databases.fresh)
    yield url
    in_thread(lambda: postgres_databases.drop(url))


INSERT = """
INSERT INTO delivery (id, notification_id, rung, channel, endpoint_id, user_id, priority, state, due_at, created_at,
    updated_at)
SELECT gen_random_uuid(), $1::uuid, 9, (ARRAY['email', 'push', 'sms'])[1 + g % 3], g::text, 'user' || g % 10000, g % 4,
    (ARRAY['planned', 'held', 'retry_wait'])[1 + g % 3], $2::bigint + g, 0, 0
FROM generate_series(1, $3::int) g
"""


async def fill(road: Road, connection: asyncpg.Connection) -> None:
    """Deliveries of one notification, spread over channels and priorities, all due in an hour or later."""
    published = await road.publish("something.else", "creator")
    await road.plan()
    await connection.execute(INSERT, published.notifications[0], road.clock.now() + 3_600_000, LATER)
    await connection.execute("VACUUM ANALYZE delivery")


def recorded(road: Road) -> list[tuple[str, Any]]:
    """Every SELECT of deliveries that is sent from now on."""
    found: list[tuple[str, Any]] = []
    engine = road.database.connections.engine.sync_engine

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *others: Any) -> None:
        if "delivery" in statement and statement.lstrip().startswith("SELECT"):
            found.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    return found


async def buffers(connection: asyncpg.Connection, statement: str, parameters: Any) -> int:
    """Pages that PostgreSQL touches for a statement."""
    rows = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *parameters)
    plan = json.loads(rows[0][0])[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


async def test_what_waits_for_later_costs_what_is_due_nothing(postgresql_url: str) -> None:
    clock = MovableClock(stands=True)
    posts = Posts(clock)
    async with open_road(make_settings(postgresql_url, unread_email_seconds=1800), clock, posts.senders()) as road:
        await road.begin()
        connection = await asyncpg.connect(postgresql_url.replace("+asyncpg", ""))
        await fill(road, connection)
        for number in range(DUE):
            await road.publish("order.placed", "fan", data={"order_id": f"A{number}"})
        await road.device("fan")
        await road.write()
        await road.plan()
        clock.forward(11)
        statements = recorded(road)

        assert await road.deliverer.run_once() == DUE + 1, "the orders, and the push"

        assert (len(posts.email.taken), len(posts.push.taken)) == (DUE, 1)
        assert len(statements) > 5
        for statement, parameters in statements:
            touched = await buffers(connection, statement, parameters)
            assert touched < FEW_BUFFERS, f"{touched} pages for {statement}"
        await connection.close()
        assert await road.deliverer.run_once() == 0, "and nothing of the rest"
