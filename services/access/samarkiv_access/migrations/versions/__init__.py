"""Versions of the access tables."""
