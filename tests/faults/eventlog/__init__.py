"""Storms: worker processes killed and stopped at seeded moments."""
