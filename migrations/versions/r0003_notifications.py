"""Notifications: events, what each person is told of them, by which channel, and all that is known of its fate."""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
USER = sa.String(128)
CHANNEL = sa.String(16)
ACTIVE = "state IN ('planned', 'held', 'ready', 'sending', 'retry_wait')"
NEW = (
    "notification_event",
    "notification",
    "delivery",
    "delivery_step",
    "provider_event",
    "endpoint",
    "preference",
    "suppression",
    "contact_window",
    "template",
    "captured_delivery",
)


def upgrade() -> None:
    """Replaces the e-mails about unread messages; those that wait are planned anew from the outbox."""
    _plan_anew()
    op.drop_table("delivery")
    op.drop_table("captured_delivery")
    _events()
    _deliveries()
    _facts()
    _people()
    _templates()
    op.create_table(
        "captured_delivery",
        sa.Column("delivery_id", ID, primary_key=True),
        sa.Column("notification_id", ID, nullable=False),
        sa.Column("user_id", USER, nullable=False),
        sa.Column("channel", CHANNEL, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("subject", sa.String(300)),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("html", sa.Text),
        sa.Column("details", sa.Text, nullable=False, server_default="{}"),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_captured_delivery_at", "captured_delivery", ["at"])
    op.create_index("ix_captured_delivery_user_id", "captured_delivery", ["user_id", "at"])


def downgrade() -> None:
    """Back to e-mails alone."""
    for table in reversed(NEW):
        op.drop_table(table)
    _old_tables()


def _plan_anew() -> None:
    """Puts the last message of each conversation for which an e-mail waits back into the outbox."""
    waiting = op.get_bind().execute(
        sa.text(
            "SELECT m.conversation_id, m.seq, m.sender_id, m.created_at FROM message m"
            " JOIN conversation c ON c.id = m.conversation_id AND c.last_seq = m.seq WHERE c.id IN"
            " (SELECT conversation_id FROM delivery WHERE state IN ('planned', 'leased', 'retry_wait'))"
        )
    )
    for row in waiting.all():
        event = {
            "event": "message.sent",
            "conversation_id": str(row.conversation_id),
            "seq": row.seq,
            "sender_id": row.sender_id,
            "at": row.created_at,
        }
        op.get_bind().execute(
            sa.text("INSERT INTO outbox (type, payload, at) VALUES ('message.sent', :payload, :at)"),
            {"payload": json.dumps(event), "at": row.created_at},
        )


def _events() -> None:
    op.create_table(
        "notification_event",
        sa.Column("id", ID, primary_key=True),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("dedupe_key", sa.String(255)),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("actor", USER, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("notifications", sa.Text, nullable=False),
        sa.Column("audience", sa.Text),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("planned", sa.Integer, nullable=False, server_default="0"),
        sa.Column("cursor", USER),
        sa.Column("not_before", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("dedupe_key", name="uq_notification_event_dedupe_key"),
    )
    _partial(
        "ix_notification_event_waiting", "notification_event", ["not_before"], "state IN ('planning', 'scheduled')"
    )
    op.create_table(
        "notification",
        sa.Column("id", ID, primary_key=True),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("user_id", USER, nullable=False),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("category", sa.String(24), nullable=False),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("conversation_id", ID),
        sa.Column("seq", sa.Integer),
        sa.Column("group_key", sa.String(128)),
        sa.Column("gathers", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("inbox", sa.Boolean, nullable=False),
        sa.Column("decisions", sa.Text, nullable=False, server_default="[]"),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("seen_at", sa.BigInteger),
        sa.Column("read_at", sa.BigInteger),
        sa.Column("replied_at", sa.BigInteger),
        sa.Column("paid_at", sa.BigInteger),
        sa.Column("archived_at", sa.BigInteger),
        sa.Column("snoozed_until", sa.BigInteger),
        sa.UniqueConstraint("event_id", "user_id", name="uq_notification_event_id_user_id"),
    )
    _partial("uq_notification_gathers", "notification", ["user_id", "group_key"], "gathers", unique=True)
    op.create_index("ix_notification_user_id", "notification", ["user_id", "created_at", "id"])
    _partial("ix_notification_group_key", "notification", ["user_id", "group_key"], "inbox AND read_at IS NULL")


def _deliveries() -> None:
    op.create_table(
        "delivery",
        sa.Column("id", ID, primary_key=True),
        sa.Column("notification_id", ID, sa.ForeignKey("notification.id", ondelete="CASCADE"), nullable=False),
        sa.Column("rung", sa.SmallInteger, nullable=False),
        sa.Column("channel", CHANNEL, nullable=False),
        sa.Column("endpoint_id", sa.String(64), nullable=False, server_default=""),
        sa.Column("user_id", USER, nullable=False),
        sa.Column("conversation_id", ID),
        sa.Column("seq", sa.Integer),
        sa.Column("priority", sa.SmallInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(200)),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease_token", ID),
        sa.Column("provider", sa.String(32)),
        sa.Column("provider_id", sa.String(200)),
        sa.Column("told_seq", sa.Integer),
        sa.Column("parent_id", ID),
        sa.Column("template_version", sa.Integer),
        sa.Column("variant", sa.String(16)),
        sa.Column("locale", sa.String(8)),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint(
            "notification_id",
            "rung",
            "channel",
            "endpoint_id",
            name="uq_delivery_notification_id_rung_channel_endpoint_id",
        ),
    )
    _partial("ix_delivery_due_at", "delivery", ["channel", "priority", "due_at"], ACTIVE)
    _partial("ix_delivery_waiting", "delivery", ["conversation_id", "user_id"], ACTIVE)
    _partial("ix_delivery_parent_id", "delivery", ["parent_id"], "parent_id IS NOT NULL")
    _partial("ix_delivery_provider_id", "delivery", ["provider_id"], "provider_id IS NOT NULL")
    _partial("ix_delivery_told", "delivery", ["conversation_id", "user_id"], "told_seq IS NOT NULL")
    _partial("ix_delivery_sent_at", "delivery", ["user_id", "channel", "sent_at"], "sent_at IS NOT NULL")
    op.create_table(
        "delivery_step",
        sa.Column("id", COUNT, sa.Identity(), primary_key=True),
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("notification_id", ID, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(200)),
        sa.Column("provider", sa.String(32)),
        sa.Column("began_at", sa.BigInteger),
    )
    op.create_index("ix_delivery_step_notification_id", "delivery_step", ["notification_id"])


def _facts() -> None:
    op.create_table(
        "provider_event",
        sa.Column("provider", sa.String(32), primary_key=True),
        sa.Column("external_id", sa.String(200), primary_key=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("delivery_id", ID),
        sa.Column("provider_id", sa.String(200)),
        sa.Column("reason", sa.String(200)),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
    )
    _partial("ix_provider_event_delivery_id", "provider_event", ["delivery_id"], "delivery_id IS NOT NULL")
    _partial("ix_provider_event_provider_id", "provider_event", ["provider_id"], "provider_id IS NOT NULL")


def _people() -> None:
    op.create_table(
        "endpoint",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", USER, nullable=False),
        sa.Column("channel", CHANNEL, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("p256dh", sa.String(128), nullable=False),
        sa.Column("auth", sa.String(64), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(200)),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("channel", "address_hash", name="uq_endpoint_channel_address_hash"),
    )
    op.create_index("ix_endpoint_user_id", "endpoint", ["user_id"])
    op.create_table(
        "preference",
        sa.Column("user_id", USER, primary_key=True),
        sa.Column("scope", sa.String(100), primary_key=True),
        sa.Column("channel", CHANNEL, primary_key=True),
        sa.Column("allowed", sa.Boolean, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "suppression",
        sa.Column("channel", CHANNEL, primary_key=True),
        sa.Column("address_hash", sa.String(64), primary_key=True),
        sa.Column("scope", sa.String(16), primary_key=True),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
    )
    op.create_table(
        "contact_window",
        sa.Column("channel", CHANNEL, primary_key=True),
        sa.Column("address_hash", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    # Replies and deliveries find a person by number; users are paged through for an announcement by their key.
    op.create_index("ix_app_user_phone", "app_user", ["phone"])


def _templates() -> None:
    op.create_table(
        "template",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("channel", CHANNEL, primary_key=True),
        sa.Column("locale", sa.String(8), primary_key=True),
        sa.Column("variant", sa.String(16), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("weight", sa.Integer, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("html", sa.Text),
        sa.Column("author", USER, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
    )


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, postgresql_where=condition, sqlite_where=condition)


def _old_tables() -> None:
    op.drop_index("ix_app_user_phone", "app_user")
    op.create_table(
        "delivery",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", USER, sa.ForeignKey("app_user.id"), nullable=False),
        sa.Column("conversation_id", ID, sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
        sa.Column("channel", CHANNEL, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(200)),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("lease_token", ID),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("provider_id", sa.String(200)),
        sa.Column("told_seq", sa.Integer),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_delivery_conversation_id", "delivery", ["conversation_id", "user_id"])
    person = ["user_id", "conversation_id", "channel"]
    _partial("uq_delivery_open", "delivery", person, "state IN ('planned', 'retry_wait')", unique=True)
    _partial("ix_delivery_due_at", "delivery", ["due_at"], "state IN ('planned', 'leased', 'sending', 'retry_wait')")
    op.create_table(
        "captured_delivery",
        sa.Column("delivery_id", ID, primary_key=True),
        sa.Column("user_id", USER, nullable=False),
        sa.Column("channel", CHANNEL, nullable=False),
        sa.Column("recipient", sa.String(320), nullable=False),
        sa.Column("subject", sa.String(300)),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("html", sa.Text),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_captured_delivery_at", "captured_delivery", ["at"])
