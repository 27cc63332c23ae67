"""What access hears: one table, event class → use case."""

from collections.abc import Mapping

from samarkiv_contracts.events.base import Event
from samarkiv_contracts.events.delivery import (
    DeliveryAccepted,
    DeliveryHeld,
    DeliveryPassed,
    DeliveryReceived,
    DeliveryRejected,
    DeliveryReturned,
)
from samarkiv_contracts.events.fixity import FixityChecked, FixityFailed, FixityRepaired
from samarkiv_contracts.events.index import PackageIndexed
from samarkiv_contracts.events.package import (
    PackageMigrated,
    PackageRestricted,
    PackageStored,
    PackageUpdated,
)
from samarkiv_contracts.events.parked import EventParked
from samarkiv_contracts.events.registry import RegistryChanged
from samarkiv_runtime.worker import Handler

from samarkiv_access.usecases.hear import Hearing


def handlers(hearing: Hearing) -> Mapping[type[Event], Handler]:
    """Return the table of the access worker."""
    return {
        DeliveryReceived: hearing.note_delivery,
        DeliveryHeld: hearing.note_delivery,
        DeliveryReturned: hearing.note_delivery,
        DeliveryRejected: hearing.note_delivery,
        DeliveryPassed: hearing.note_delivery,
        DeliveryAccepted: hearing.note_delivery,
        PackageStored: hearing.take_in,
        PackageUpdated: hearing.take_in_anew,
        PackageMigrated: hearing.note_migrated,
        PackageRestricted: hearing.hide,
        PackageIndexed: hearing.note_indexed,
        FixityChecked: hearing.note_checked,
        FixityFailed: hearing.note_failed,
        FixityRepaired: hearing.note_repaired,
        RegistryChanged: hearing.take_registry,
        EventParked: hearing.note_parked,
    }
