"""The answer to a COMMIT gets lost: the message is stored, nobody knows. It must be there once, and be heard of."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.conftest import in_thread, make_settings
from tests.databases import PostgresDatabases
from tests.doubles.postgres import cuttable
from tests.running import RunningHub

Start = Callable[..., "asyncio.Future[RunningHub]"]


async def test_a_message_whose_commit_was_not_answered_is_stored_once_and_heard_of(
    postgres_databases: PostgresDatabases, start_hub: Start
) -> None:
    url = in_thread(postgres_databases.fresh)
    async with cuttable(url) as (wire, through_wire):
        hub = await start_hub(make_settings(through_wire))
        conversation_id = await hub.order_chat()
        fan, creator = await hub.connected("fan"), await hub.connected("creator", "creator")
        for person in (fan, creator):
            await person.ask("conversation.open", conversation_id=conversation_id)
        await hub.hub.worker.stop()  # its own commits are not the ones to cut
        wish: dict[str, Any] = {
            "conversation_id": conversation_id,
            "client_message_id": str(uuid4()),
            "body": "did you get this?",
        }

        wire.cut_next_commit()
        error = await fan.refused("message.send", **wish)
        again = await fan.ask("message.send", **wish)

        assert wire.cuts == 1
        assert (error["code"], error["retryable"]) == ("service.unavailable", True)
        assert again["deduplicated"]
        await creator.received("conversation.resync", lambda said: said["conversation_id"] == conversation_id)
        caught_up = await creator.ask("conversation.sync", cursors=[{"conversation_id": conversation_id, "rev": 0}])
        (result,) = caught_up["results"]
        assert [change["message"]["body"] for change in result["changes"]] == ["did you get this?"]
        await hub.stop()
