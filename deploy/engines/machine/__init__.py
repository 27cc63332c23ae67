"""Installs, starts, hurts and ends the engines of the test suite; standard library only."""
