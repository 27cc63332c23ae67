"""A delivery on its walk: told by ingest."""

from typing import ClassVar, Literal

from samarkiv_contracts.events.base import Event
from samarkiv_contracts.ids import AgreementId, DeliveryId, PackageId


class DeliveryReceived(Event):
    """The bytes are durable, read back and digested; nothing is known of their content yet."""

    type: ClassVar[str] = "se.samarkiv.delivery.received.v1"
    key: ClassVar[str] = "delivery"

    delivery: DeliveryId
    agreement: AgreementId
    way: Literal["package", "records"]
    bytes: int
    sha256: str
    test: bool = False


class DeliveryHeld(Event):
    """A person must decide."""

    type: ClassVar[str] = "se.samarkiv.delivery.held.v1"
    key: ClassVar[str] = "delivery"

    delivery: DeliveryId
    findings: int
    report_sha256: str


class DeliveryReturned(Event):
    """A person asks the producer to complete the delivery."""

    type: ClassVar[str] = "se.samarkiv.delivery.returned.v1"
    key: ClassVar[str] = "delivery"

    delivery: DeliveryId


class DeliveryRejected(Event):
    """A rule is broken; the report names file, rule and remedy."""

    type: ClassVar[str] = "se.samarkiv.delivery.rejected.v1"
    key: ClassVar[str] = "delivery"

    delivery: DeliveryId
    codes: tuple[str, ...]
    findings: int
    report_sha256: str


class DeliveryPassed(Event):
    """Acceptance control found nothing that blocks; preservation may build. See `handover.py`."""

    type: ClassVar[str] = "se.samarkiv.delivery.passed.v1"
    key: ClassVar[str] = "delivery"

    delivery: DeliveryId
    agreement: AgreementId
    handover: str
    handover_sha256: str
    packages: tuple[PackageId, ...]
    files: int
    bytes: int


class DeliveryAccepted(Event):
    """Every package of the delivery is stored in all its copies and read back."""

    type: ClassVar[str] = "se.samarkiv.delivery.accepted.v1"
    key: ClassVar[str] = "delivery"

    delivery: DeliveryId
    packages: tuple[PackageId, ...]
    copies: int
