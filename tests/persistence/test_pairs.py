"""Rows by pairs: exactly the pairs asked for, and none of those that only look like them."""

import asyncio

import pytest

from hub.ids import new_id
from persistence import conversations, members, messages, turns, users
from persistence.uow import Database

PERSON = {"display_name": "x", "roles": [], "locale": "en", "time_zone": "UTC", "created_at": 1, "updated_at": 1}
PEOPLE = [f"person-{number}" for number in range(4)]


async def made(database: Database, kind: str = "direct", *, heads: int = 0) -> str:
    """A conversation of all people with so many messages of the first."""
    of = new_id()
    async with database.begin() as tx:
        await users.add_missing(tx.connection, [{"id": each, **PERSON} for each in PEOPLE])
        values = {"kind": kind, "state": "open", "created_by": "platform", "created_at": 1, "updated_at": 1}
        await conversations.add(tx.connection, {"id": of, **values})
        same = {"conversation_id": of, "role": "fan", "joined_at": 1}
        await members.add(tx.connection, [{"user_id": each, **same} for each in PEOPLE])
        if heads:
            await messages.add(tx.connection, [message(of, seq) for seq in range(1, heads + 1)])
            await conversations.set_heads(tx.connection, [(of, heads, heads, 1)])
    return of


def message(of: str, seq: int) -> dict[str, object]:
    fixed = {"sent_digest": b"0" * 16, "kind": "text", "body_state": "clear", "reactions": {}, "created_at": 1}
    named = {"id": new_id(), "client_message_id": f"m{seq}", "sender_id": PEOPLE[0], "body": f"{seq}"}
    return {"conversation_id": of, "seq": seq, "created_rev": seq, "rev": seq, **named, **fixed}


@pytest.mark.parametrize("lock", [False, True], ids=["read", "locked"])
async def test_members_are_those_of_the_pairs(database: Database, lock: bool) -> None:  # noqa: FBT001
    first, second = await made(database), await made(database)
    wanted = {(first, PEOPLE[0]), (second, PEOPLE[1])}

    async with database.begin() as tx:
        rows = await members.of_pairs(tx.connection, wanted | {(new_id(), PEOPLE[2]), (first, "nobody")}, lock=lock)
        nothing = await members.of_pairs(tx.connection, set(), lock=lock)

    assert set(rows) == wanted
    assert {(row.conversation_id, row.user_id) for row in rows.values()} == wanted
    assert nothing == {}


async def test_last_messages_and_unread_counts_are_those_of_the_pairs(database: Database) -> None:
    one, five, live, none = (
        await made(database, heads=1),
        await made(database, heads=5),
        await made(database, "live", heads=5),
        await made(database),
    )

    async with database.read() as connection:
        lasts = await messages.lasts(connection, [(one, 1), (five, 5), (none, 0)])
        pairs = [(one, PEOPLE[1]), (five, PEOPLE[1]), (five, PEOPLE[0]), (live, PEOPLE[1]), (none, PEOPLE[1])]
        unread = await messages.unread_of_pairs(connection, [*pairs, (none, "nobody")])
        of_user = await messages.unread_of_user(connection, PEOPLE[1])

    assert {of: row.body for of, row in lasts.items()} == {one: "1", five: "5"}
    assert [unread[pair] for pair in pairs] == [1, 5, 0, 0, 0]  # one's own count for nothing, nor do live rooms
    assert len(unread) == len(pairs)
    assert of_user == {one: 1, five: 5}


async def test_turns_are_replaced_and_forgotten(database: Database) -> None:
    room = await made(database, "live")
    async with database.begin() as tx:
        await turns.take(tx.connection, {(room, "a"): 10, (room, "b"): 20})
        await turns.take(tx.connection, {(room, "a"): 30})
        assert await turns.of_pairs(tx.connection, {(room, "a"), (room, "b"), (room, "c")}) == {
            (room, "a"): 30,
            (room, "b"): 20,
        }
        await turns.forget_before(tx.connection, 25)
        assert await turns.of_pairs(tx.connection, {(room, "a"), (room, "b")}) == {(room, "a"): 30}


async def test_locks_are_taken_in_one_order_so_that_nobody_waits_for_ever(database: Database) -> None:
    ids = [await made(database) for _ in range(6)]

    async def lock_all(order: list[str]) -> None:
        for _ in range(5):
            async with database.begin() as tx:
                await members.of_pairs(tx.connection, [(of, each) for of in order for each in PEOPLE], lock=True)

    async with asyncio.timeout(20):
        await asyncio.gather(*(lock_all(order) for order in (ids, ids[::-1], sorted(ids), ids[3:] + ids[:3])))
