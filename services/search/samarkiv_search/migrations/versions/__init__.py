"""Versions of the search tables."""
