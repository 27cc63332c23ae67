"""Promises between services: ids, events, problems, states. No input or output."""
