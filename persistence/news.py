"""What is new in conversations for people: the first message that they neither read nor were told of, and how many."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Integer, Row, Text, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID
from sqlalchemy.ext.asyncio import AsyncConnection

Pair = tuple[str, str]
MOST_COUNTED = 1_000
_NEW = (
    "message WHERE conversation_id = {conversation} AND seq > {beyond} AND seq > m.read_seq AND sender_id <> {user}"
    " AND deleted_at IS NULL"
)
_COLUMNS = (
    "m.conversation_id, m.user_id, m.read_seq, m.delivered_seq, c.last_seq, c.title, c.order_id, f.seq, f.created_at,"
    " f.sender_id, f.kind, f.body, f.body_state, s.display_name AS sender"
)


def _postgresql() -> Any:
    new = _NEW.format(conversation="k.a", beyond="k.c", user="k.b")
    statement = text(
        f"SELECT {_COLUMNS}, n.count FROM unnest(:conversations, :users, :beyonds) AS k (a, b, c)"  # noqa: S608
        " JOIN conversation_member m ON m.conversation_id = k.a AND m.user_id = k.b"
        " JOIN conversation c ON c.id = k.a"
        f" CROSS JOIN LATERAL (SELECT * FROM {new} ORDER BY seq LIMIT 1) f"
        f" CROSS JOIN LATERAL (SELECT count(*) AS count FROM (SELECT 1 FROM {new} LIMIT {MOST_COUNTED}) x) n"
        " LEFT JOIN app_user s ON s.id = f.sender_id"
    )
    return statement.bindparams(
        bindparam("conversations", type_=ARRAY(UUID(as_uuid=False))),
        bindparam("users", type_=ARRAY(Text)),
        bindparam("beyonds", type_=ARRAY(Integer)),
    )


def _sqlite() -> Any:
    new = _NEW.format(conversation=":conversation", beyond=":beyond", user=":user")
    # `m` is known inside the sub-queries as it stands in the outer FROM.
    return text(
        f"SELECT {_COLUMNS}, (SELECT count(*) FROM {new}) AS count"  # noqa: S608  (texts of ours)
        " FROM conversation_member m JOIN conversation c ON c.id = m.conversation_id"
        f" JOIN message f ON f.conversation_id = m.conversation_id AND f.seq = (SELECT min(seq) FROM {new})"
        " LEFT JOIN app_user s ON s.id = f.sender_id"
        " WHERE m.conversation_id = :conversation AND m.user_id = :user"
    )


_POSTGRESQL, _SQLITE = _postgresql(), _sqlite()


async def of_pairs(connection: AsyncConnection, beyond: Mapping[Pair, int]) -> dict[Pair, Row[Any]]:
    """(conversation, user) -> the news after message number `beyond[pair]`, for the pairs that have any.

    A row: the member's marks, `last_seq` and `title` of the conversation, the first new message (`seq`, `created_at`,
    `sender_id`, `sender`, `kind`, `body`, `body_state`) and the `count` of new ones (at most MOST_COUNTED).
    """
    if not beyond:
        return {}
    if connection.dialect.name == "postgresql":
        pairs = sorted(beyond)
        parameters = {
            "conversations": [of for of, _ in pairs],
            "users": [user_id for _, user_id in pairs],
            "beyonds": [beyond[pair] for pair in pairs],
        }
        rows = (await connection.execute(_POSTGRESQL, parameters)).all()
        return {(str(row.conversation_id), row.user_id): row for row in rows}
    found: dict[Pair, Row[Any]] = {}
    for (of, user_id), seq in beyond.items():
        row = (await connection.execute(_SQLITE, {"conversation": of, "user": user_id, "beyond": seq})).one_or_none()
        if row is not None:
            found[of, user_id] = row
    return found
