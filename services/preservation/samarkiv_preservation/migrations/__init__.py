"""Alembic branch `preservation`."""
