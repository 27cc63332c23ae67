"""Unit tests of scratch folders."""
