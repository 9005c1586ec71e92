"""People, conversations, messages, outbox, deliveries, idempotency keys; and guards for what must never fall."""

from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
TABLES = (
    "captured_delivery",
    "delivery",
    "idempotency_key",
    "outbox",
    "message",
    "conversation_change",
    "conversation_member",
    "conversation",
    "app_user",
)
NEVER_FALLS = {
    "conversation": ("last_seq", "last_rev"),
    "conversation_member": ("delivered_seq", "read_seq"),
}
"""Numbers that only rise; a trigger refuses anything else, whoever asks."""


def upgrade() -> None:
    """Creates everything."""
    _people()
    _conversations()
    _messages()
    _durable_road()
    for statement in _guards():
        op.execute(statement)


def downgrade() -> None:
    """Drops everything, and with it all data."""
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION hub_refuse_fall")


def _people() -> None:
    op.create_table(
        "app_user",
        sa.Column("id", sa.String(128), primary_key=True),
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("roles", JSON, nullable=False),
        sa.Column("email", sa.String(320)),
        sa.Column("phone", sa.String(32)),
        sa.Column("locale", sa.String(16), nullable=False),
        sa.Column("time_zone", sa.String(64), nullable=False),
        sa.Column("quiet_start", sa.String(5)),
        sa.Column("quiet_end", sa.String(5)),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("user_id", sa.String(128), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("answer", sa.LargeBinary),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_idempotency_key_at", "idempotency_key", ["at"])


def _conversations() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", ID, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("order_id", sa.String(128)),
        sa.Column("title", sa.String(200)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(64)),
        sa.Column("opens_at", sa.BigInteger),
        sa.Column("closes_at", sa.BigInteger),
        sa.Column("last_seq", sa.Integer, nullable=False),
        sa.Column("last_rev", sa.Integer, nullable=False),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("state IN ('open', 'closed')", name="ck_conversation_state_known"),
        sa.CheckConstraint("last_seq >= 0 AND last_rev >= last_seq", name="ck_conversation_rev_counts_every_message"),
    )
    _partial("ix_conversation_closes_at", "conversation", ["closes_at"], "state = 'open'")
    op.create_table(
        "conversation_member",
        sa.Column("conversation_id", ID, sa.ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("user_id", sa.String(128), sa.ForeignKey("app_user.id"), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("delivered_seq", sa.Integer, nullable=False),
        sa.Column("read_seq", sa.Integer, nullable=False),
        sa.Column("joined_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint(
            "delivered_seq >= read_seq AND read_seq >= 0", name="ck_conversation_member_read_is_delivered"
        ),
    )
    op.create_index("ix_conversation_member_user_id", "conversation_member", ["user_id"])
    op.create_table(
        "conversation_change",
        sa.Column("conversation_id", ID, sa.ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("rev", sa.Integer, primary_key=True),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("seq", sa.Integer),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def _messages() -> None:
    op.create_table(
        "message",
        sa.Column("conversation_id", ID, sa.ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("id", ID, nullable=False),
        sa.Column("created_rev", sa.Integer, nullable=False),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("sender_id", sa.String(128), nullable=False),
        sa.Column("client_message_id", sa.String(128), nullable=False),
        sa.Column("sent_digest", sa.LargeBinary(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("body_state", sa.String(16), nullable=False),
        sa.Column("reply_to_seq", sa.Integer),
        sa.Column("reactions", JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("edited_at", sa.BigInteger),
        sa.Column("deleted_at", sa.BigInteger),
        sa.UniqueConstraint("id", name="uq_message_id"),
    )
    once = ["sender_id", "client_message_id", "conversation_id"]
    op.create_index("uq_message_client_message_id", "message", once, unique=True)
    op.create_index("uq_message_created_rev", "message", ["conversation_id", "created_rev"], unique=True)


def _durable_road() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), primary_key=True),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("not_before", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("last_error", sa.String(500)),
        sa.Column("dead_at", sa.BigInteger),
    )
    _partial("ix_outbox_waiting", "outbox", ["id"], "dead_at IS NULL")
    op.create_table(
        "delivery",
        sa.Column("id", ID, primary_key=True),
        sa.Column("user_id", sa.String(128), sa.ForeignKey("app_user.id"), nullable=False),
        sa.Column("conversation_id", ID, sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
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
        sa.Column("user_id", sa.String(128), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("recipient", sa.String(320), nullable=False),
        sa.Column("subject", sa.String(300)),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("html", sa.Text),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_captured_delivery_at", "captured_delivery", ["at"])


def _partial(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, postgresql_where=condition, sqlite_where=condition)


def _guards() -> Iterator[str]:
    if op.get_bind().dialect.name == "postgresql":
        yield (
            "CREATE FUNCTION hub_refuse_fall() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% numbers never fall', TG_TABLE_NAME; END $$"
        )
    for table, columns in NEVER_FALLS.items():
        falls = " OR ".join(f"NEW.{column} < OLD.{column}" for column in columns)
        if op.get_bind().dialect.name == "postgresql":
            yield (
                f"CREATE TRIGGER {table}_never_falls BEFORE UPDATE ON {table} FOR EACH ROW "
                f"WHEN ({falls}) EXECUTE FUNCTION hub_refuse_fall()"
            )
        else:
            yield (
                f"CREATE TRIGGER {table}_never_falls BEFORE UPDATE ON {table} FOR EACH ROW WHEN {falls} "
                f"BEGIN SELECT RAISE(ABORT, '{table} numbers never fall'); END"
            )
