"""Who may do what (POLICY.md): rows as data (`policy.tsv`) and one pure function."""

from samarkiv_runtime.policy.decide import decide, is_public, may_see
from samarkiv_runtime.policy.model import (
    ALL,
    ANONYMOUS,
    EVERY,
    Context,
    Decision,
    Grant,
    Reach,
    Resource,
    Scope,
    Subject,
)
from samarkiv_runtime.policy.scope import scope_of
from samarkiv_runtime.policy.table import ACTIONS, ROLES

__all__ = [
    "ACTIONS",
    "ALL",
    "ANONYMOUS",
    "EVERY",
    "ROLES",
    "Context",
    "Decision",
    "Grant",
    "Reach",
    "Resource",
    "Scope",
    "Subject",
    "decide",
    "is_public",
    "may_see",
    "scope_of",
]
