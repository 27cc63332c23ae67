"""Versions of the ingest tables."""
