"""Telling events: the envelope, its id and its topic, in the transaction that changed the state."""

import base64
import hashlib
import uuid

from samarkiv_contracts.catalogue import BY_TYPE, PARKED
from samarkiv_contracts.envelope import Envelope
from samarkiv_contracts.events import Event
from samarkiv_contracts.events.parked import EventParked
from sqlalchemy import Connection

from samarkiv_runtime.eventlog.parking import ParkedJob
from samarkiv_runtime.ports import Clock, EventLog, Ids, Job, Outgoing

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:samarkiv:told")
WHOLE = 400_000  # originals up to this many bytes ride in the parked event


class Teller:
    """Tells the events of one service. Ids follow from the cause, so that a repeated attempt tells the same ids."""

    def __init__(self, log: EventLog, clock: Clock, ids: Ids, service: str) -> None:
        self._log = log
        self._clock = clock
        self._ids = ids
        self._service = service

    def tell(
        self,
        tx: Connection,
        event: Event,
        *,
        tenant: str,
        sequence: int = 0,
        cause: Job | None = None,
        correlation: str = "",
        producer: str = "",
    ) -> Envelope:
        """Append `event` to its topic in `tx`; returns the envelope.

        `sequence` is the version of the thing told about. Topics of producers (`producer.receipts.*`) need `producer`.
        Raises ValueError when the score does not let this service tell the event, or the producer is missing.
        """
        row = BY_TYPE.get(event.type)
        if row is None or row.told_by != self._service:
            raise ValueError(f"{self._service} may not tell {event.type}")
        topic = row.topic
        if topic.endswith(".*"):
            if not producer:
                raise ValueError(f"{event.type} goes to a producer's topic: name the producer")
            topic = topic[:-1] + producer
        before = cause.envelope if cause else None
        key = str(getattr(event, event.key))
        envelope = self._envelope(
            event,
            key,
            identity=self._identity(cause),
            tenant=tenant,
            sequence=sequence,
            correlation=correlation or (before.correlationid if before else "") or key,
            causation=before.id if before else "",
            traceparent=self._trace(before.traceparent if before else ""),
        )
        self._log.append(tx, [Outgoing(topic, key, envelope)])
        return envelope

    def tell_parked(self, tx: Connection, parked: ParkedJob) -> None:
        """Tell that a job was parked, with the original bytes where they hold no content.

        What is parked from a parked topic is not told again.
        """
        if parked.topic.startswith(PARKED[:-1]):
            return
        whole = len(parked.body) <= WHOLE and not parked.topic.startswith("producer.")
        event = EventParked(
            consumer=parked.consumer,
            original_key=parked.key,
            topic=parked.topic,
            partition=parked.partition,
            offset=parked.offset,
            event_type=parked.type,
            event_source=parked.source,
            event_id=parked.id,
            code=parked.code,
            reason=parked.reason,
            attempts=parked.attempts,
            sha256=hashlib.sha256(parked.body).hexdigest(),
            bytes=len(parked.body),
            original=base64.b64encode(parked.body).decode() if whole else "",
        )
        name = f"{parked.consumer}|{parked.source}#{parked.id}|parked|{parked.n}|{parked.fence}"
        envelope = self._envelope(
            event,
            parked.key,
            identity=str(uuid.uuid5(NAMESPACE, name)),
            tenant=parked.tenant,
            sequence=parked.fence,
            correlation=parked.key,
            causation=parked.id,
            traceparent=self._trace(parked.headers.get("traceparent", "")),
        )
        self._log.append(tx, [Outgoing(PARKED[:-1] + self._service, parked.key, envelope)])

    def _envelope(
        self,
        event: Event,
        key: str,
        *,
        identity: str,
        tenant: str,
        sequence: int,
        correlation: str,
        causation: str,
        traceparent: str,
    ) -> Envelope:
        return Envelope(
            id=identity,
            source=f"/services/{self._service}",
            type=event.type,
            time=self._clock.now(),
            subject=key,
            tenant=tenant,
            partitionkey=key,
            sequence=sequence,
            correlationid=correlation,
            causationid=causation,
            traceparent=traceparent,
            data=event.model_dump(mode="json"),
        )

    def _identity(self, cause: Job | None) -> str:
        if cause is None:
            return str(self._ids.uuid4())
        index = cause.told
        cause.told += 1
        # Without the consumer's generation: a reprocessing tells the same ids, which are then known.
        return str(uuid.uuid5(NAMESPACE, f"{self._service}|{cause.cause}|{index}"))

    def _trace(self, before: str) -> str:
        """Return a W3C traceparent: the cause's trace with a new span, or a new trace."""
        parts = before.split("-")
        trace = parts[1] if len(parts) == 4 and len(parts[1]) == 32 else self._ids.uuid4().hex
        return f"00-{trace}-{self._ids.uuid4().hex[:16]}-01"
