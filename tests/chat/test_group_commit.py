"""Group commit: one transaction for many requests, and one bad request spoils no other."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from hub.clock import SystemClock
from hub.errors import Draining, HubError, RequestInvalid
from persistence import users
from persistence.engine import Connections
from persistence.groupcommit import MOST_AT_ONCE, GroupCommit
from persistence.uow import Database, Tx


class Writer:
    """Adds users by group commit; `bad` is refused, `broken` is an error of our own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.groups: list[list[str]] = []
        self.commit: GroupCommit[str, str] = GroupCommit(database, self._apply)

    async def _apply(self, tx: Tx, names: Sequence[str]) -> list[str | HubError]:
        self.groups.append(list(names))
        if "broken" in names:
            raise ZeroDivisionError
        good = [name for name in names if name != "bad"]
        times = {"created_at": tx.now, "updated_at": tx.now}
        rows = [
            {"id": name, "display_name": name, "roles": [], "locale": "en", "time_zone": "UTC", **times}
            for name in good
        ]
        await users.add_missing(tx.connection, rows)
        return [RequestInvalid() if name == "bad" else name.upper() for name in names]

    async def stored(self, *names: str) -> set[str]:
        async with self.database.read() as connection:
            return await users.known(connection, names)


@pytest.fixture
async def writer(database_url: str) -> AsyncIterator[Writer]:
    connections = Connections(database_url)
    yield Writer(Database(connections, SystemClock()))
    await connections.close()


async def test_requests_that_arrive_together_share_a_transaction(writer: Writer) -> None:
    names = [f"user{n}" for n in range(MOST_AT_ONCE + 10)]

    answers = await asyncio.gather(*(writer.commit.submit(name) for name in names))

    assert answers == [name.upper() for name in names]
    assert [len(group) for group in writer.groups] == [MOST_AT_ONCE, 10]
    assert await writer.stored(*names) == set(names)


async def test_a_refused_request_does_not_undo_the_others(writer: Writer) -> None:
    answers = await asyncio.gather(*map(writer.commit.submit, ["a", "bad", "b"]), return_exceptions=True)

    assert answers[0::2] == ["A", "B"]
    assert isinstance(answers[1], RequestInvalid)
    assert await writer.stored("a", "bad", "b") == {"a", "b"}


async def test_an_error_of_one_request_is_its_own(writer: Writer) -> None:
    answers = await asyncio.gather(*map(writer.commit.submit, ["a", "broken", "b"]), return_exceptions=True)

    assert answers[0::2] == ["A", "B"]
    assert isinstance(answers[1], ZeroDivisionError)
    assert await writer.stored("a", "broken", "b") == {"a", "b"}


async def test_a_caller_that_gives_up_does_not_take_its_request_back(writer: Writer) -> None:
    first, second = [asyncio.create_task(writer.commit.submit(name)) for name in ("a", "b")]
    await asyncio.sleep(0)  # both are submitted
    first.cancel()

    assert await second == "B"
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await writer.stored("a", "b") == {"a", "b"}


async def test_stopping_commits_what_was_submitted_and_refuses_the_rest(writer: Writer) -> None:
    submitted = [asyncio.create_task(writer.commit.submit(f"user{n}")) for n in range(5)]
    await asyncio.sleep(0)

    await writer.commit.stop()

    assert [await each for each in submitted] == [f"USER{n}" for n in range(5)]
    with pytest.raises(Draining):
        await writer.commit.submit("late")
    assert await writer.stored("user0", "user4", "late") == {"user0", "user4"}
