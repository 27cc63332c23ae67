"""Versions of the tables of preservation."""
