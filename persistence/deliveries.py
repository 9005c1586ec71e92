"""Deliveries: one rung of a notification on one channel to one address, from plan to end."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    text,
)

from persistence.base import Count, Id, Millis, UserId, metadata

ACTIVE = text("state IN ('planned', 'held', 'ready', 'sending', 'retry_wait')")
"""Spelled out wherever it is asked: bound values would keep the planner from the partial indexes."""
WAITING_STATES = ("planned", "held", "ready", "retry_wait")
WAITING = text("state IN ('planned', 'held', 'ready', 'retry_wait')")
"""States in which nothing has reached a provider yet, so that reading the message still cancels."""
OF_PARENT = text("parent_id IS NOT NULL")
OF_PROVIDER = text("provider_id IS NOT NULL")
TOLD = text("told_seq IS NOT NULL")
SENT = text("sent_at IS NOT NULL")

delivery = Table(
    "delivery",
    metadata,
    Column("id", Id, primary_key=True),
    Column("notification_id", Id, ForeignKey("notification.id", ondelete="CASCADE"), nullable=False),
    Column("rung", SmallInteger, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("endpoint_id", String(64), nullable=False, server_default=""),
    Column("user_id", UserId, nullable=False),
    Column("conversation_id", Id),
    Column("seq", Integer),
    Column("priority", SmallInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(200)),
    Column("due_at", Millis),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("lease_token", Id),
    Column("provider", String(32)),
    Column("provider_id", String(200)),
    Column("told_seq", Integer),
    Column("parent_id", Id),
    Column("template_version", Integer),
    Column("variant", String(16)),
    Column("locale", String(8)),
    Column("sent_at", Millis),
    Column("created_at", Millis, nullable=False),
    Column("updated_at", Millis, nullable=False),
    UniqueConstraint("notification_id", "rung", "channel", "endpoint_id"),
    Index("ix_delivery_due_at", "channel", "priority", "due_at", postgresql_where=ACTIVE, sqlite_where=ACTIVE),
    Index("ix_delivery_waiting", "conversation_id", "user_id", postgresql_where=ACTIVE, sqlite_where=ACTIVE),
    Index("ix_delivery_parent_id", "parent_id", postgresql_where=OF_PARENT, sqlite_where=OF_PARENT),
    Index("ix_delivery_provider_id", "provider_id", postgresql_where=OF_PROVIDER, sqlite_where=OF_PROVIDER),
    Index("ix_delivery_told", "conversation_id", "user_id", postgresql_where=TOLD, sqlite_where=TOLD),
    Index("ix_delivery_sent_at", "user_id", "channel", "sent_at", postgresql_where=SENT, sqlite_where=SENT),
)
"""`due_at` is when the delivery wants attention: when it is due, or when the lease of who works on it runs out; null
while it waits for a digest, whose own delivery is `parent_id`. `lease_token` names the worker's claim."""

delivery_step = Table(
    "delivery_step",
    metadata,
    Column("id", Count, Identity(), primary_key=True),
    Column("delivery_id", Id, nullable=False),
    Column("notification_id", Id, nullable=False),
    Column("at", Millis, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(200)),
    Column("provider", String(32)),
    Column("began_at", Millis),
    Index("ix_delivery_step_notification_id", "notification_id"),
)
"""What happened to deliveries, one row a change that a person would ask about; an attempt has `began_at`."""
