"""The database itself refuses what must never be, whoever asks."""

from typing import Any

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from hub.ids import new_id
from persistence import conversations, members, messages, users
from persistence.conversations import conversation, conversation_change
from persistence.deliveries import delivery
from persistence.members import member
from persistence.messages import message
from persistence.notifications import notification
from persistence.uow import Database

PERSON = {"display_name": "Fan", "roles": [], "locale": "en", "time_zone": "UTC", "created_at": 1, "updated_at": 1}


def row(conversation_id: str, seq: int, **changes: Any) -> dict[str, Any]:
    return {
        "conversation_id": conversation_id,
        "seq": seq,
        "id": new_id(),
        "created_rev": seq,
        "rev": seq,
        "sender_id": "fan",
        "client_message_id": f"m{seq}",
        "sent_digest": b"0" * 16,
        "kind": "text",
        "body": "x",
        "body_state": "clear",
        "reactions": {},
        "created_at": 1,
        **changes,
    }


@pytest.fixture
async def conversation_id(database: Database) -> str:
    """A conversation with five messages, of which the fan has received four and read three."""
    made = new_id()
    async with database.begin() as tx:
        await users.save(tx.connection, {"id": "fan", **PERSON})
        values = {"kind": "direct", "state": "open", "created_by": "platform", "created_at": 1, "updated_at": 1}
        await conversations.add(tx.connection, {"id": made, **values})
        await members.add(tx.connection, [{"conversation_id": made, "user_id": "fan", "role": "fan", "joined_at": 1}])
        await messages.add(tx.connection, [row(made, seq) for seq in range(1, 6)])
        await conversations.set_heads(tx.connection, [(made, 5, 5, 1)])
        await members.set_watermarks(tx.connection, [(made, "fan", 4, 3)])
    return made


async def execute(database: Database, statement: Any) -> None:
    async with database.begin() as tx:
        await tx.connection.execute(statement)


@pytest.mark.parametrize("values", [{"last_seq": 4}, {"last_rev": 4}, {"last_seq": 0, "last_rev": 9}])
async def test_the_numbers_of_a_conversation_never_fall(
    database: Database, conversation_id: str, values: dict[str, int]
) -> None:
    with pytest.raises(DBAPIError, match="conversation numbers never fall"):
        await execute(database, update(conversation).values(**values))


@pytest.mark.parametrize("values", [{"delivered_seq": 3}, {"read_seq": 2}, {"delivered_seq": 5, "read_seq": 0}])
async def test_watermarks_never_fall(database: Database, conversation_id: str, values: dict[str, int]) -> None:
    with pytest.raises(DBAPIError, match="conversation_member numbers never fall"):
        await execute(database, update(member).values(**values))


async def test_numbers_may_rise_and_stay(database: Database, conversation_id: str) -> None:
    await execute(database, update(conversation).values(last_rev=6, title="new"))
    await execute(database, update(member).values(delivered_seq=5, read_seq=5))
    await execute(database, update(member).values(delivered_seq=5, read_seq=5, role="observer"))


@pytest.mark.parametrize(
    "statement",
    [
        update(member).values(read_seq=5),
        update(conversation).values(last_seq=6),
        update(conversation).values(state="ajar"),
    ],
    ids=["read beyond delivered", "more messages than changes", "unknown state"],
)
async def test_checks_hold(database: Database, conversation_id: str, statement: Any) -> None:
    with pytest.raises(IntegrityError):
        await execute(database, statement)


@pytest.mark.parametrize(
    "changes",
    [{"seq": 5}, {"client_message_id": "m1"}, {"created_rev": 5}, {"id": "taken"}],
    ids=["number", "client_message_id of a sender", "created_rev", "id"],
)
async def test_what_names_a_message_is_unique(
    database: Database, conversation_id: str, changes: dict[str, Any]
) -> None:
    if "id" in changes:
        async with database.read() as connection:
            changes = {"id": (await connection.execute(select(message.c.id))).scalars().first()}

    with pytest.raises(IntegrityError):
        await execute(database, insert(message).values(row(conversation_id, 6, created_rev=6) | changes))


async def test_another_sender_may_use_the_same_client_message_id(database: Database, conversation_id: str) -> None:
    await execute(
        database, insert(message).values(row(conversation_id, 6, sender_id="creator", client_message_id="m1"))
    )


async def test_a_change_has_its_own_rev(database: Database, conversation_id: str) -> None:
    change = {"conversation_id": conversation_id, "rev": 6, "type": "message.updated", "seq": 1, "at": 1}
    await execute(database, insert(conversation_change).values(change))

    with pytest.raises(IntegrityError):
        await execute(database, insert(conversation_change).values(change))


def notice(**changes: Any) -> dict[str, Any]:
    base = {"id": new_id(), "event_id": new_id(), "user_id": "fan", "type": "x", "role": "fan", "category": "other"}
    return {**base, "priority": 1, "data": "{}", "inbox": False, "created_at": 1, **changes}


async def test_a_person_has_one_notification_of_an_event(database: Database) -> None:
    first = notice()
    await execute(database, insert(notification).values(first))

    with pytest.raises(IntegrityError):
        await execute(database, insert(notification).values(notice(event_id=first["event_id"])))
    await execute(database, insert(notification).values(notice(event_id=first["event_id"], user_id="creator")))


async def test_one_notification_of_a_group_gathers(database: Database) -> None:
    await execute(database, insert(notification).values(notice(group_key="digest:email", gathers=True)))

    with pytest.raises(IntegrityError):
        await execute(database, insert(notification).values(notice(group_key="digest:email", gathers=True)))
    await execute(database, update(notification).values(gathers=False))
    await execute(database, insert(notification).values(notice(group_key="digest:email", gathers=True)))


async def test_a_rung_of_a_notification_has_one_delivery_for_a_channel_and_endpoint(database: Database) -> None:
    of = notice()
    await execute(database, insert(notification).values(of))

    def values(**changes: Any) -> dict[str, Any]:
        base = {"id": new_id(), "notification_id": of["id"], "user_id": "fan", "rung": 0, "channel": "push"}
        return {**base, "priority": 1, "state": "planned", "due_at": 1, "created_at": 1, "updated_at": 1, **changes}

    await execute(database, insert(delivery).values(values(endpoint_id="a")))
    with pytest.raises(IntegrityError):
        await execute(database, insert(delivery).values(values(endpoint_id="a", state="accepted")))
    with pytest.raises(IntegrityError):
        await execute(database, insert(delivery).values(values(endpoint_id="b", notification_id=new_id())))
    for other in ({"endpoint_id": "b"}, {"rung": 1, "endpoint_id": "a"}, {"channel": "email"}):
        await execute(database, insert(delivery).values(values(**other)))


async def test_nobody_takes_part_in_what_does_not_exist(database: Database, conversation_id: str) -> None:
    rows = {"role": "fan", "delivered_seq": 0, "read_seq": 0, "joined_at": 1}
    for keys in ({"conversation_id": new_id(), "user_id": "fan"}, {"conversation_id": conversation_id, "user_id": "x"}):
        with pytest.raises(IntegrityError):
            await execute(database, insert(member).values(**keys, **rows))


async def test_a_read_snapshot_does_not_see_later_writes(database: Database, conversation_id: str) -> None:
    count = text("SELECT count(*) FROM message")
    async with database.read() as connection:
        before = (await connection.execute(count)).scalar()
        await execute(database, insert(message).values(row(conversation_id, 6)))

        assert (await connection.execute(count)).scalar() == before
