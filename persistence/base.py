"""The one metadata, and the column types that mean the same on SQLite and PostgreSQL."""

from sqlalchemy import JSON, BigInteger, Integer, MetaData, String
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = String(36).with_variant(UUID(as_uuid=False), "postgresql")
"""A UUIDv7 as text."""

UserId = String(128)
"""The platform's own id of a person."""

Millis = BigInteger()
"""A time: ms since the epoch, UTC. One representation for both databases, in order, without time-zone traps."""

Count = BigInteger().with_variant(Integer(), "sqlite")

Json = JSON().with_variant(JSONB(), "postgresql")
