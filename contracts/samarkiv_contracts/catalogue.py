"""The score: event, topic, key, told by, heard by. The data flow of the house stands in this one table (DESIGN §2)."""

from dataclasses import dataclass

from samarkiv_contracts.events import Event
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
from samarkiv_contracts.events.receipt import ReceiptIssued
from samarkiv_contracts.events.record import RecordAttached, RecordClosed
from samarkiv_contracts.events.registry import RegistryChanged


@dataclass(frozen=True)
class Row:
    """One line of the score. A topic that ends in `.*` has one topic per producer account."""

    event: type[Event]
    topic: str
    told_by: str
    heard_by: tuple[str, ...]


PRODUCER_RECORDS = "producer.records.*"
PRODUCER_DELIVERIES = "producer.deliveries.*"
PRODUCER_RECEIPTS = "producer.receipts.*"
DELIVERY = "archive.delivery"
PACKAGE = "archive.package"
INDEX = "archive.index"
FIXITY = "archive.fixity"
REGISTRY = "archive.registry"
PARKED = "archive.parked.*"

SCORE: tuple[Row, ...] = (
    Row(RecordClosed, PRODUCER_RECORDS, "producer", ("ingest",)),
    Row(RecordAttached, PRODUCER_RECORDS, "producer", ("ingest",)),
    Row(ReceiptIssued, PRODUCER_RECEIPTS, "ingest", ("producer",)),
    Row(DeliveryReceived, DELIVERY, "ingest", ("ingest", "access")),
    Row(DeliveryHeld, DELIVERY, "ingest", ("access",)),
    Row(DeliveryReturned, DELIVERY, "ingest", ("access",)),
    Row(DeliveryRejected, DELIVERY, "ingest", ("access",)),
    Row(DeliveryPassed, DELIVERY, "ingest", ("preservation", "access")),
    Row(DeliveryAccepted, DELIVERY, "ingest", ("access",)),
    Row(PackageStored, PACKAGE, "preservation", ("preservation", "search", "access", "ingest")),
    Row(PackageUpdated, PACKAGE, "preservation", ("search", "access")),
    Row(PackageMigrated, PACKAGE, "preservation", ("search", "access")),
    Row(PackageRestricted, PACKAGE, "preservation", ("search", "access")),
    Row(PackageIndexed, INDEX, "search", ("access", "ingest")),
    Row(FixityChecked, FIXITY, "preservation", ("access",)),
    Row(FixityFailed, FIXITY, "preservation", ("access",)),
    Row(FixityRepaired, FIXITY, "preservation", ("access",)),
    Row(RegistryChanged, REGISTRY, "ingest", ("preservation", "search", "access")),
    Row(EventParked, PARKED, "every consumer", ("access", "ingest")),
)

BY_TYPE: dict[str, Row] = {row.event.type: row for row in SCORE}


def topics() -> tuple[str, ...]:
    """Return the fixed topics of the archive (without producer topics), sorted."""
    fixed = {row.topic for row in SCORE if not row.topic.endswith(".*")}
    return tuple(
        sorted(
            fixed
            | {f"archive.parked.{service}" for service in ("ingest", "preservation", "search", "access")}
        )
    )


def producer_topics(producer: str) -> tuple[str, ...]:
    """Return the three topics of one producer account."""
    return tuple(
        pattern[:-1] + producer for pattern in (PRODUCER_RECORDS, PRODUCER_DELIVERIES, PRODUCER_RECEIPTS)
    )


def heard_by(service: str) -> tuple[Row, ...]:
    """Return the rows that `service` hears."""
    return tuple(row for row in SCORE if service in row.heard_by)


def topics_heard_by(service: str) -> tuple[str, ...]:
    """Return the topic patterns that `service` subscribes to, sorted."""
    return tuple(sorted({row.topic for row in heard_by(service)}))
