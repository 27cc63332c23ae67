"""What ingest does when it hears something: one table, event → use case."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from samarkiv_contracts.events import Event
from samarkiv_contracts.events.delivery import DeliveryReceived
from samarkiv_contracts.events.index import PackageIndexed
from samarkiv_contracts.events.package import PackageStored
from samarkiv_contracts.events.parked import EventParked
from samarkiv_contracts.events.record import RecordAttached, RecordClosed

from samarkiv_ingest.usecases.accept import note_indexed, note_stored
from samarkiv_ingest.usecases.check import check_delivery
from samarkiv_ingest.usecases.parked import note_parked
from samarkiv_ingest.usecases.parts import Parts
from samarkiv_ingest.usecases.records import record_attached, record_closed

TABLE: Mapping[type[Event], Callable[..., Any]] = {
    RecordClosed: record_closed,
    RecordAttached: record_attached,
    DeliveryReceived: check_delivery,
    PackageStored: note_stored,
    PackageIndexed: note_indexed,
    EventParked: note_parked,
}


def handlers(parts: Parts) -> dict[type[Event], Callable[..., Any]]:
    """Return the table bound to the parts of this house."""
    return {event: partial(use_case, parts) for event, use_case in TABLE.items()}
