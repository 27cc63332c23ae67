"""Unit tests of the event runtime."""
