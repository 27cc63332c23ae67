"""Migrations of the policy tables."""
