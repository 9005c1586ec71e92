"""`hub dead`: what was given up is listed, and replayed one by one or all together."""

from sqlalchemy import insert, select

from hub.clock import SystemClock
from persistence.engine import Connections
from persistence.outbox import outbox
from persistence.uow import Database
from tests.commands.conftest import Run


async def give_up(url: str, count: int) -> list[int]:
    """The ids of dead events."""
    connections = Connections(url)
    async with Database(connections, SystemClock()).begin() as tx:
        for number in range(count):
            values = {"type": f"event.{number}", "payload": "{}", "at": 1, "dead_at": 2, "last_error": "on purpose"}
            await tx.connection.execute(insert(outbox).values(**values))
        ids = list((await tx.connection.execute(select(outbox.c.id).order_by(outbox.c.id))).scalars())
    await connections.close()
    return ids


async def test_dead_events_are_listed_and_replayed(run_hub: Run, database_url: str) -> None:
    first, *_ = await give_up(database_url, 3)

    listed = await run_hub("dead", "list", HUB_DATABASE_URL=database_url)
    assert listed.code == 0, listed
    assert listed.out.count("on purpose") == 3

    one = await run_hub("dead", "replay", "--id", str(first), HUB_DATABASE_URL=database_url)
    assert (one.code, one.out) == (0, "replayed 1\n"), one
    again = await run_hub("dead", "replay", "--id", str(first), HUB_DATABASE_URL=database_url)
    assert again.code == 1
    assert "Traceback" not in again.err
    rest = await run_hub("dead", "replay", "--all", HUB_DATABASE_URL=database_url)
    assert rest.out == "replayed 2\n"
    nothing = await run_hub("dead", "list", HUB_DATABASE_URL=database_url)
    assert nothing.out == "there are no dead letters\n"


async def test_one_or_all_must_be_said(run_hub: Run, sqlite_url: str) -> None:
    for given in ((), ("--id", "1", "--all")):
        done = await run_hub("dead", "replay", *given, HUB_DATABASE_URL=sqlite_url)
        assert done.code == 2
        assert "--all" in done.err
