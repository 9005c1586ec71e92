"""A message arrives just while the earlier ones are being read, on PostgreSQL, where both go on at once."""

import asyncio

from hub.events import ReceiptMoved
from persistence import members
from tests.conftest import in_thread, make_settings
from tests.databases import PostgresDatabases
from tests.notifications.conftest import DELAY
from tests.notifications.road import open_road


async def test_the_email_for_a_message_is_not_cancelled_by_reading_the_one_before(
    postgres_databases: PostgresDatabases,
) -> None:
    async with open_road(make_settings(in_thread(postgres_databases.fresh), unread_email_seconds=DELAY)) as road:
        await road.begin()
        first = await road.write("first")
        await road.work()  # planned
        unread = road.hub.database.reactions.within[ReceiptMoved][0]

        async with road.database.begin() as reading:
            pair = (road.conversation_id, "fan")
            await members.of_pairs(reading.connection, [pair], lock=True)
            await members.set_watermarks(reading.connection, [(*pair, first, first)])
            await road.write("second")  # commits after the reader has counted
            planning = asyncio.create_task(road.relay.run_once())
            await asyncio.wait([planning], timeout=0.3)
            await unread(reading, [ReceiptMoved(*pair, first, first, 0, read_moved=True)])
        await planning

        await road.work(10 * DELAY)
        (mail,) = await road.captures()
        assert "> second" in mail.text
