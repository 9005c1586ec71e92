"""Notifications: what one person is told of one event, as the inbox shows it and as deliveries refer to it."""

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from persistence.base import Id, Millis, UserId, metadata

GATHERS = text("gathers")
UNREAD = text("inbox AND read_at IS NULL")
"""Spelled out wherever it is asked: bound values would keep the planner from the partial index."""
INBOX = text("inbox AND archived_at IS NULL")
"""What stands in an inbox."""

notification = Table(
    "notification",
    metadata,
    Column("id", Id, primary_key=True),
    Column("event_id", Id, nullable=False),
    Column("user_id", UserId, nullable=False),
    Column("type", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("category", String(24), nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("data", Text, nullable=False),
    Column("conversation_id", Id),
    Column("seq", Integer),
    Column("group_key", String(128)),
    Column("gathers", Boolean, nullable=False, server_default=false()),
    Column("inbox", Boolean, nullable=False),
    Column("decisions", Text, nullable=False, server_default="[]"),
    Column("created_at", Millis, nullable=False),
    Column("expires_at", Millis),
    Column("seen_at", Millis),
    Column("read_at", Millis),
    Column("replied_at", Millis),
    Column("paid_at", Millis),
    Column("archived_at", Millis),
    Column("snoozed_until", Millis),
    UniqueConstraint("event_id", "user_id"),
    Index(
        "uq_notification_gathers", "user_id", "group_key", unique=True, postgresql_where=GATHERS, sqlite_where=GATHERS
    ),
    Index("ix_notification_user_id", "user_id", "created_at", "id"),
    Index("ix_notification_group_key", "user_id", "group_key", postgresql_where=UNREAD, sqlite_where=UNREAD),
)
"""`data` and `decisions` are JSON. `seq` is the first message that it is about. Of the notifications of one
`group_key` the inbox keeps the newest; one that `gathers` still takes further events of its group in."""
