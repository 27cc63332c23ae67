"""Versions of the runtime tables."""
