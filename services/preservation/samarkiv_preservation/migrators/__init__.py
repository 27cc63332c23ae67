"""Migrations: which format is moved to which, by what tool, and how the result is proved.

To add a migrator: a rule in `formats/policy.json` that names the tool, a class with `migrate`, a line in `plan.py`.
"""

from samarkiv_preservation.migrators.base import MigrationResult, Migrator
from samarkiv_preservation.migrators.plan import Migrators

__all__ = ["MigrationResult", "Migrator", "Migrators"]
