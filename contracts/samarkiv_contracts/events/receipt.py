"""Receipts to the producer: told by ingest."""

from typing import ClassVar, Literal

from samarkiv_contracts.events.base import Event
from samarkiv_contracts.ids import DeliveryId, ReceiptId


class ReceiptIssued(Event):
    """A signed receipt exists; it is fetched from `/v1/receipts/<id>`."""

    type: ClassVar[str] = "se.samarkiv.receipt.issued.v1"
    key: ClassVar[str] = "delivery"

    receipt: ReceiptId
    delivery: DeliveryId
    kind: Literal["received", "accepted", "rejected"]
    sha256: str
