"""What search does when it hears something: one table, event → use case."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from samarkiv_contracts.events import Event
from samarkiv_contracts.events.package import (
    PackageMigrated,
    PackageRestricted,
    PackageStored,
    PackageUpdated,
)
from samarkiv_contracts.events.registry import RegistryChanged

from samarkiv_search.usecases.indexing import (
    index_migrated,
    index_stored,
    index_updated,
    note_registry,
    restrict,
)
from samarkiv_search.usecases.parts import Parts

TABLE: Mapping[type[Event], Callable[..., Any]] = {
    PackageStored: index_stored,
    PackageUpdated: index_updated,
    PackageMigrated: index_migrated,
    PackageRestricted: restrict,
    RegistryChanged: note_registry,
}


def handlers(parts: Parts) -> dict[type[Event], Callable[..., Any]]:
    """Return the table bound to the parts of this house."""
    return {event: partial(use_case, parts) for event, use_case in TABLE.items()}
