"""The documentation, and the scripts that generate what can be generated."""
