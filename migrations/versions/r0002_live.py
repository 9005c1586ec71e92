"""Live rooms: slow mode and whose turn was when; windows that open by themselves; when sessions were revoked."""

import time

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.String(36).with_variant(postgresql.UUID(as_uuid=False), "postgresql")
TABLES = ("live_turn",)
TO_OPEN = sa.text("state = 'open' AND NOT begin_told")
SLOW_MODE = "slow_mode_waits"


def upgrade() -> None:
    """Adds columns and a table; no row of before changes its meaning."""
    op.add_column("app_user", sa.Column("sessions_revoked_at", sa.BigInteger))
    # The check stands with its column: SQLite cannot add one to a table later without copying the table.
    op.execute(
        "ALTER TABLE conversation ADD COLUMN slow_mode_seconds INTEGER DEFAULT 0 NOT NULL "
        f"CONSTRAINT ck_conversation_{SLOW_MODE} CHECK (slow_mode_seconds >= 0)"
    )
    # Windows that have begun long ago are no news to anybody.
    op.add_column("conversation", sa.Column("begin_told", sa.Boolean, nullable=False, server_default=sa.true()))
    op.get_bind().execute(
        sa.text("UPDATE conversation SET begin_told = false WHERE opens_at > :now"),
        {"now": time.time_ns() // 1_000_000},
    )
    op.create_index(
        "ix_conversation_opens_at", "conversation", ["opens_at"], postgresql_where=TO_OPEN, sqlite_where=TO_OPEN
    )
    op.create_table(
        "live_turn",
        sa.Column("conversation_id", ID, sa.ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("user_id", sa.String(128), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Takes them away; live rooms stay as conversations of a kind that the older code does not know."""
    op.drop_table("live_turn")
    op.drop_index("ix_conversation_opens_at", "conversation")
    op.drop_column("conversation", "begin_told")
    op.drop_column("conversation", "slow_mode_seconds")
    op.drop_column("app_user", "sessions_revoked_at")
