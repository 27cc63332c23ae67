"""What preservation does when it hears something: one table, event → use case."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from samarkiv_contracts.events import Event
from samarkiv_contracts.events.delivery import DeliveryPassed
from samarkiv_contracts.events.package import PackageStored
from samarkiv_contracts.events.registry import RegistryChanged

from samarkiv_preservation.kit import Kit
from samarkiv_preservation.usecases.build import build
from samarkiv_preservation.usecases.derive import derive_and_migrate
from samarkiv_preservation.usecases.registry import note_changed

TABLE: Mapping[type[Event], Callable[..., Any]] = {
    DeliveryPassed: build,
    PackageStored: derive_and_migrate,
    RegistryChanged: note_changed,
}


def handlers(kit: Kit) -> dict[type[Event], Callable[..., Any]]:
    """Return the table bound to the kit of this house."""
    return {event: partial(use_case, kit) for event, use_case in TABLE.items()}
