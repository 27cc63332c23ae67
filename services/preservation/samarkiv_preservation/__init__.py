"""The preservation service."""
