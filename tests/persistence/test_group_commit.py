"""Group commit: one bad request spoils nothing, answers keep their order, and nobody's going away loses a write."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from hub.errors import Draining, HubError, RequestInvalid
from persistence import users
from persistence.groupcommit import GroupCommit
from persistence.uow import Database, Tx
from persistence.users import user

PERSON = {"display_name": "x", "roles": [], "locale": "en", "time_zone": "UTC", "created_at": 1, "updated_at": 1}


class Names:
    """Writes names; `refused` is answered with an error, `broken` breaks the whole transaction."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def apply(self, tx: Tx, names: Sequence[str]) -> list[str | HubError]:
        self.groups.append(list(names))
        self.entered.set()
        await self.go_on.wait()
        for name in names:
            await users.save(tx.connection, {"id": name, **PERSON})
            if name.startswith("broken"):
                raise RuntimeError(name)
        return [RequestInvalid() if name.startswith("refused") else f"stored {name}" for name in names]


async def stored(database: Database) -> set[str]:
    async with database.read() as connection:
        return set((await connection.execute(select(user.c.id))).scalars())


async def test_requests_of_a_moment_share_a_transaction_and_each_gets_its_own_answer(database: Database) -> None:
    names = Names()
    group = GroupCommit(database, names.apply)
    wanted = [f"n{number}" for number in range(10)]

    answers = await asyncio.gather(*(group.submit(name) for name in wanted))

    assert answers == [f"stored {name}" for name in wanted]
    assert names.groups == [wanted]
    assert await stored(database) == set(wanted)


async def test_answers_are_released_in_the_order_of_asking(database: Database) -> None:
    group = GroupCommit(database, Names().apply)
    order: list[str] = []

    async def submit(name: str) -> None:
        await group.submit(name)
        order.append(name)

    wanted = [f"n{number}" for number in range(50)]
    await asyncio.gather(*(submit(name) for name in wanted))

    assert order == wanted


async def test_a_refusal_is_for_its_asker_alone(database: Database) -> None:
    group = GroupCommit(database, Names().apply)

    first, second, third = await asyncio.gather(
        *(group.submit(name) for name in ("a", "refused", "b")), return_exceptions=True
    )

    assert (first, third) == ("stored a", "stored b")
    assert isinstance(second, RequestInvalid)


async def test_one_that_breaks_the_transaction_does_not_spoil_its_group(database: Database) -> None:
    group = GroupCommit(database, Names().apply)

    answers = await asyncio.gather(*(group.submit(name) for name in ("a", "broken", "b")), return_exceptions=True)

    assert [str(answer) for answer in answers] == ["stored a", "broken", "stored b"]
    assert await stored(database) == {"a", "b"}


async def test_it_goes_on_after_a_broken_transaction(database: Database) -> None:
    group = GroupCommit(database, Names().apply)
    with pytest.raises(RuntimeError):
        await group.submit("broken")

    assert await group.submit("a") == "stored a"


async def test_a_caller_that_goes_away_does_not_take_its_write_back(database: Database) -> None:
    names = Names()
    names.go_on.clear()
    group = GroupCommit(database, names.apply)
    leaving, staying = asyncio.create_task(group.submit("leaving")), asyncio.create_task(group.submit("staying"))
    await names.entered.wait()

    leaving.cancel()
    names.go_on.set()

    assert await staying == "stored staying"
    assert leaving.cancelled()
    assert await stored(database) == {"leaving", "staying"}


async def test_what_comes_during_a_transaction_waits_for_the_next_one(database: Database) -> None:
    names = Names()
    names.go_on.clear()
    group = GroupCommit(database, names.apply)
    first = asyncio.create_task(group.submit("first"))
    await names.entered.wait()
    later = [asyncio.create_task(group.submit(f"later{number}")) for number in range(3)]
    await asyncio.sleep(0)
    names.go_on.set()

    await asyncio.gather(first, *later)

    assert names.groups == [["first"], ["later0", "later1", "later2"]]


async def test_stopping_commits_and_answers_what_was_submitted_and_refuses_the_rest(database: Database) -> None:
    names = Names()
    names.go_on.clear()
    group = GroupCommit(database, names.apply)
    waiting = [asyncio.create_task(group.submit(f"n{number}")) for number in range(3)]
    await names.entered.wait()
    late = asyncio.create_task(group.submit("queued behind"))
    await asyncio.sleep(0)

    stopping = asyncio.create_task(group.stop())
    await asyncio.sleep(0)
    with pytest.raises(Draining):
        await group.submit("too late")
    names.go_on.set()
    await stopping

    assert all(task.done() for task in (*waiting, late))
    assert await stored(database) == {"n0", "n1", "n2", "queued behind"}


async def test_stopping_what_never_began_is_at_once(database: Database) -> None:
    await GroupCommit(database, Names().apply).stop()
