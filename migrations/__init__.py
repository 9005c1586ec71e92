"""Alembic migrations, which run on SQLite and on PostgreSQL."""
