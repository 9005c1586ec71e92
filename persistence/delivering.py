"""The queue of deliveries: what is due, who works on it, and what became of it. For many at once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, case, or_, select, text, update
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import bulk, pairs
from persistence.deliveries import ACTIVE, WAITING, delivery
from persistence.endpoints import endpoint
from persistence.engine import one_of
from persistence.notifications import GATHERS, notification
from persistence.suppressions import contact_window, suppression
from persistence.upsert import insert

PRIORITIES = range(4)
TOLD_STATES = ("accepted", "delivered", "unknown")
SENDING = text("state IN ('ready', 'sending')")
_SENDING_OF_PAIRS = pairs.statements(
    delivery, ("conversation_id", "user_id"), where=f"{ACTIVE.text} AND {SENDING.text}"
)
_ANYTHING_DUE = select(
    or_(
        *(
            select(delivery.c.id)
            .where(
                ACTIVE,
                delivery.c.channel == bindparam("channel"),
                delivery.c.priority == priority,
                delivery.c.due_at <= bindparam("now"),
            )
            .exists()
            for priority in PRIORITIES
        )
    )
)
"""One statement, asked for each channel at every wake; each of its parts is one look into the index."""
_told_of_pairs = pairs.statements(
    delivery, ("conversation_id", "user_id"), where="told_seq IS NOT NULL AND updated_at > :since"
)


async def is_due(connection: AsyncConnection, channel: str, *, now: int) -> bool:
    """Whether anything on the channel wants attention; only looks, so that an idle hub takes no locks."""
    return bool((await connection.execute(_ANYTHING_DUE, {"channel": channel, "now": now})).scalar_one())


async def due(connection: AsyncConnection, channel: str, *, now: int, limit: int) -> list[Row[Any]]:
    """Locked rows of one channel that want attention, the most important first; what others hold is passed over.

    A query for each priority: so each follows the index, however much waits for later or is less important.
    """
    rows: list[Row[Any]] = []
    for priority in PRIORITIES:
        query = (
            select(delivery)
            .where(ACTIVE, delivery.c.channel == channel, delivery.c.priority == priority, delivery.c.due_at <= now)
            .order_by(delivery.c.due_at)
            .limit(limit - len(rows))
        )
        rows += (await connection.execute(query.with_for_update(skip_locked=True))).all()
        if len(rows) >= limit:
            break
    return rows


async def lease(
    connection: AsyncConnection, ids: Collection[str], *, token: str, until: int, now: int, repeatable: bool
) -> None:
    """Marks rows that this transaction has locked as worked on until then.

    What may be out already stays `sending`, unless it can be repeated without harm: whoever takes it over next must
    know.
    """
    state = "ready" if repeatable else case((delivery.c.state == "sending", "sending"), else_="ready")
    values = {"state": state, "lease_token": token, "due_at": until, "updated_at": now}
    await connection.execute(update(delivery).where(one_of(connection, delivery.c.id, ids)).values(**values))


async def settle(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes state, reason and due_at of rows that this transaction has locked; they are leased no more."""
    if rows:
        await bulk.update_many(connection, delivery, ["id"], rows)


async def notifications(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, Row[Any]]:
    """The notifications of deliveries."""
    rows = await connection.execute(select(notification).where(one_of(connection, notification.c.id, ids)))
    return {row.id: row for row in rows}


async def close_gathering(connection: AsyncConnection, ids: Collection[str]) -> None:
    """Further events of these groups get notifications of their own."""
    if ids:
        closed = update(notification).where(one_of(connection, notification.c.id, ids), GATHERS)
        await connection.execute(closed.values(gathers=False))


async def rungs(connection: AsyncConnection, notification_ids: Iterable[str]) -> dict[str, list[Row[Any]]]:
    """Notification id -> all of its deliveries, in the order of their rungs."""
    query = select(delivery).where(one_of(connection, delivery.c.notification_id, notification_ids))
    found: dict[str, list[Row[Any]]] = {}
    for row in await connection.execute(query.order_by(delivery.c.rung)):
        found.setdefault(row.notification_id, []).append(row)
    return found


async def children(connection: AsyncConnection, parent_ids: Iterable[str]) -> dict[str, list[Row[Any]]]:
    """Carrier's id -> what still waits in its digest."""
    query = select(delivery).where(one_of(connection, delivery.c.parent_id, parent_ids), delivery.c.state == "held")
    found: dict[str, list[Row[Any]]] = {}
    for row in await connection.execute(query.order_by(delivery.c.created_at, delivery.c.id)):
        found.setdefault(row.parent_id, []).append(row)
    return found


async def later(connection: AsyncConnection, shifts: Mapping[str, tuple[int, int]], *, now: int) -> None:
    """Puts later rungs off: notification id -> (rung that is put off, by how many ms).

    One that another transaction holds is passed over: it is being looked at itself, or cancelled.
    """
    for notification_id, (rung, by) in sorted(shifts.items()):
        waiting = select(delivery.c.id).where(
            delivery.c.notification_id == notification_id, delivery.c.rung > rung, delivery.c.state == "planned"
        )
        free = waiting.with_for_update(skip_locked=True).scalar_subquery()
        await connection.execute(
            update(delivery).where(delivery.c.id.in_(free)).values(due_at=delivery.c.due_at + by, updated_at=now)
        )


async def go(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Marks deliveries as being handed to a provider, if the lease still holds; the ids of those that may go.

    Each row has `id`, `lease_token` and the columns to write. Zero for a row means: cancelled, or another's now.
    """
    if connection.dialect.name != "postgresql":
        gone = set()
        for row in rows:
            values = {key: value for key, value in row.items() if key not in ("id", "lease_token")}
            statement = update(delivery).where(
                delivery.c.id == row["id"],
                delivery.c.lease_token == row["lease_token"],
                delivery.c.state.in_(("ready", "sending")),
            )
            if (await connection.execute(statement.values(**values))).rowcount:
                gone.add(row["id"])
        return gone
    await _hold(connection, rows)
    return await bulk.update_where(connection, delivery, ("id", "lease_token"), "t.state IN ('ready', 'sending')", rows)


async def record(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Writes what became of deliveries; the ids of those that were still ours, or of unknown fate."""
    if connection.dialect.name != "postgresql":
        mine = set()
        for row in rows:
            values = {key: value for key, value in row.items() if key not in ("id", "token")}
            ours = (delivery.c.lease_token == row["token"]) & delivery.c.state.in_(("ready", "sending"))
            statement = update(delivery).where(delivery.c.id == row["id"], ours | (delivery.c.state == "unknown"))
            if (await connection.execute(statement.values(**values))).rowcount:
                mine.add(row["id"])
        return mine
    await _hold(connection, rows)
    return await bulk.update_where(
        connection,
        delivery,
        ("id",),
        "(t.lease_token = k.token AND t.state IN ('ready', 'sending') OR t.state = 'unknown')",
        rows,
        extra=(("token", UUID(as_uuid=False)),),
    )


async def _hold(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Locks several rows in the order of their ids; an UPDATE alone would lock them in the order of its plan."""
    if len(rows) > 1:
        query = select(delivery.c.id).where(one_of(connection, delivery.c.id, [row["id"] for row in rows]))
        await connection.execute(query.order_by(delivery.c.id).with_for_update(key_share=True))


async def note_told(connection: AsyncConnection, told: Mapping[str, int]) -> None:
    """Delivery id -> the last message of its conversation that a digest tells of in its place."""
    if told:
        rows = [{"id": key, "told_seq": seq} for key, seq in sorted(told.items())]
        await bulk.update_many(connection, delivery, ["id"], rows)


async def follow(connection: AsyncConnection, parents: Mapping[str, Mapping[str, Any]]) -> Sequence[Row[Any]]:
    """What waited in a digest shares its fate: carrier's id -> columns. The rows concerned."""
    found: list[Row[Any]] = []
    for parent_id, values in sorted(parents.items()):
        statement = (
            update(delivery)
            .where(delivery.c.parent_id == parent_id, delivery.c.state == "held")
            .values(**values)
            .returning(delivery.c.id, delivery.c.notification_id, delivery.c.state)
        )
        found += (await connection.execute(statement)).all()
    return found


async def told(
    connection: AsyncConnection, channel: str, wanted: Collection[tuple[str, str]], *, since: int, but: Collection[str]
) -> dict[tuple[str, str], int]:
    """(conversation, user) -> the last message that the person was told of by this channel, or may have been.

    Only what was settled after `since` counts, and not what the notifications `but` told: a person's second device is
    told the same as the first.
    """
    of_pair = _told_of_pairs[connection.dialect.name]
    found: dict[tuple[str, str], int] = {}
    for row in await connection.execute(of_pair, {**pairs.parameters(connection, wanted), "since": since}):
        if row.channel == channel and row.state in TOLD_STATES and row.notification_id not in but:
            pair = (row.conversation_id, row.user_id)
            found[pair] = max(found.get(pair, 0), row.told_seq)
    return found


async def under_way(
    connection: AsyncConnection, channel: str, pairs_told: Collection[tuple[str, str]], digests_of: Collection[str]
) -> list[Row[Any]]:
    """What is being handed over by the channel about these (conversation, user) pairs; to `digests_of`, about none."""
    found: list[Row[Any]] = []
    if pairs_told:
        statement = _SENDING_OF_PAIRS[connection.dialect.name]
        found += (await connection.execute(statement, pairs.parameters(connection, pairs_told))).all()
    if digests_of:
        # Both conditions on the state, and the NULL, are those of an index.
        query = select(delivery).where(ACTIVE, SENDING, delivery.c.conversation_id.is_(None))
        found += (await connection.execute(query.where(one_of(connection, delivery.c.user_id, digests_of)))).all()
    return [row for row in found if row.channel == channel]


async def retire(connection: AsyncConnection, reasons: Mapping[str, str], *, at: int) -> None:
    """Endpoint id -> why it is gone."""
    for endpoint_id, reason in sorted(reasons.items()):
        gone = update(endpoint).where(endpoint.c.id == endpoint_id)
        await connection.execute(gone.values(status="gone", reason=reason, updated_at=at))


async def suppress(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Addresses that must not be written to any more; a longer suppression takes a shorter one's place."""
    for row in rows:
        statement = insert(connection, suppression).values(**row)
        changes = {key: row[key] for key in ("reason", "created_at", "expires_at")}
        longer = None if row["expires_at"] is None else suppression.c.expires_at < row["expires_at"]
        of_address = ["channel", "address_hash", "scope"]
        await connection.execute(statement.on_conflict_do_update(index_elements=of_address, set_=changes, where=longer))


async def windows(connection: AsyncConnection, channel: str, hashes: Collection[str], *, since: int) -> set[str]:
    """The address hashes of people who wrote to us by this channel after `since`."""
    query = select(contact_window.c.address_hash).where(
        contact_window.c.channel == channel,
        one_of(connection, contact_window.c.address_hash, hashes),
        contact_window.c.at > since,
    )
    return set((await connection.execute(query)).scalars())


async def pull_forward(connection: AsyncConnection, ids: Collection[str], *, now: int) -> None:
    """Makes these planned deliveries due now; one that another transaction holds is looked at, or cancelled, anyway."""
    if ids:
        waiting = select(delivery.c.id).where(
            one_of(connection, delivery.c.id, sorted(ids)), WAITING, delivery.c.due_at > now
        )
        free = waiting.with_for_update(skip_locked=True).scalar_subquery()
        await connection.execute(update(delivery).where(delivery.c.id.in_(free)).values(due_at=now, updated_at=now))
