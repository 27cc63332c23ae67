"""Ports and their adapters, settings, the worker loop, web plumbing."""
