"""What a consumer could not handle: told by every consumer on its own topic `archive.parked.<service>`."""

from typing import ClassVar

from samarkiv_contracts.events.base import Event


class EventParked(Event):
    """An event was put aside; nothing is lost and what follows on the same key waits for a person.

    `original` holds the bytes (base64) of events of the archive, which carry ids and states only. What producers sent
    may hold content, so it is named by topic, partition, offset and digest; the bytes stay with the consumer.
    """

    type: ClassVar[str] = "se.samarkiv.event.parked.v1"
    key: ClassVar[str] = "original_key"

    consumer: str
    original_key: str
    topic: str
    partition: int
    offset: int
    event_type: str = ""
    event_source: str = ""
    event_id: str = ""
    code: str
    reason: str
    attempts: int
    sha256: str
    bytes: int
    original: str = ""
