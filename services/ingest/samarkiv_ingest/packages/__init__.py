"""Delivered containers: scanned before anything is opened, checked in one pass over the bytes, read in place."""
