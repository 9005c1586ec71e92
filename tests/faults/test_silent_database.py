"""PostgreSQL that neither answers nor hangs up: stopping ends all the same."""

import asyncio
from collections.abc import Callable
from typing import Any

from tests.conftest import in_thread, make_settings
from tests.databases import PostgresDatabases
from tests.doubles.postgres import cuttable
from tests.running import RunningHub

Start = Callable[..., "asyncio.Future[RunningHub]"]


async def test_a_gateway_stops_also_when_its_database_is_silent(
    postgres_databases: PostgresDatabases, start_hub: Start
) -> None:
    async with cuttable(in_thread(postgres_databases.fresh)) as (wire, through_wire):
        hub = await start_hub(make_settings(through_wire, drain_seconds=1))
        conversation_id = await hub.order_chat()
        fan = await hub.connected("fan")
        wire.fall_silent()
        wish: dict[str, Any] = {"conversation_id": conversation_id, "client_message_id": "m", "body": "hello?"}
        asking = asyncio.create_task(fan.client.call("message.send", wish, timeout=30))
        await asyncio.wait([asking], timeout=0.2)

        async with asyncio.timeout(20):
            await hub.stop_gateway()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
