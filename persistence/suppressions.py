"""Suppressions: addresses that must not be written to, and when a person last wrote to us."""

from hashlib import sha256

from sqlalchemy import Column, String, Table

from persistence.base import Millis, metadata

suppression = Table(
    "suppression",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("address_hash", String(64), primary_key=True),
    Column("scope", String(16), primary_key=True),
    Column("reason", String(64), nullable=False),
    Column("created_at", Millis, nullable=False),
    Column("expires_at", Millis),
)
"""`scope` is `all` or a category. The address itself is not kept, so that an erased person stays suppressed."""

contact_window = Table(
    "contact_window",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("address_hash", String(64), primary_key=True),
    Column("at", Millis, nullable=False),
)
"""When someone last wrote to us: for 24 h WhatsApp lets us answer freely."""


def address_hash(address: str) -> str:
    """Names an address without holding it; e-mail addresses are the same in any case."""
    return sha256(address.strip().lower().encode()).hexdigest()
