"""Migrations of ingest."""
