"""Dead letters over HTTP: operators see and replay them, nobody else does."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert

from persistence.outbox import outbox
from tests.notifications.told import Told
from tests.running import Refused, RunningHub


async def dead_event(hub: RunningHub) -> None:
    values = {
        "type": "from.the.past",
        "payload": "{}",
        "at": 1,
        "attempts": 10,
        "last_error": "no such type",
        "dead_at": 2,
    }
    async with hub.hub.database.begin() as tx:
        await tx.connection.execute(insert(outbox).values(**values))


async def test_dead_letters_are_listed_and_replayed(hub: RunningHub) -> None:
    told = Told(hub.hub.database)
    await told.person()
    await dead_event(hub)
    delivery_id = await told.told("failed", reason="no such mailbox")
    token = hub.token("root", "admin")

    found: Any = await hub.ok("GET", "/api/v1/ops/dead", token=token)

    (event,), (delivery,) = found["outbox"], found["deliveries"]
    assert (event["type"], event["attempts"], event["error"]) == ("from.the.past", 10, "no such type")
    assert (delivery["id"], delivery["state"], delivery["reason"]) == (delivery_id, "failed", "no such mailbox")
    path = f"/api/v1/ops/dead/delivery/{delivery_id}/replay"
    assert await hub.ok("POST", path, {}, token=token) == {"replayed": True}
    assert ("planned", "replayed by root") in await told.steps(delivery_id)
    assert await hub.ok("POST", f"/api/v1/ops/dead/outbox/{event['id']}/replay", {}, token=token) == {"replayed": True}
    only = await hub.ok("GET", "/api/v1/ops/dead?kind=outbox", token=token)
    assert only["deliveries"] == []


@pytest.mark.parametrize("path", ["outbox/1", "delivery/x", f"delivery/{uuid4()}", "letters/1", "outbox/%00"])
async def test_what_is_not_dead_is_not_found(hub: RunningHub, path: str) -> None:
    with pytest.raises(Refused) as refused:
        await hub.ok("POST", f"/api/v1/ops/dead/{path}/replay", {})
    assert refused.value.code == "dead.not_found"


@pytest.mark.parametrize("role", ["fan", "creator", "moderator", "support"])
async def test_nobody_else_sees_them(edge: RunningHub, role: str) -> None:
    for method, path in (("GET", "dead"), ("POST", "dead/outbox/1/replay")):
        with pytest.raises(Refused) as refused:
            await edge.ok(method, f"/api/v1/ops/{path}", {} if method == "POST" else None, token=edge.token("x", role))
        assert refused.value.code == "access.denied"
