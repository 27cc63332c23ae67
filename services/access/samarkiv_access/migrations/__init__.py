"""Alembic branch `access`."""
