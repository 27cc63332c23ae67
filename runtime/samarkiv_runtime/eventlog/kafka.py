"""The distributed event log: an outbox in PostgreSQL, relayed to Kafka (EVENTS.md, ENGINES.md)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from sqlalchemy import Connection, delete

from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.kafka_client import (
    PARTITIONS,
    common,
    create_topics,
    make_consumer,
    make_producer,
)
from samarkiv_runtime.eventlog.kafka_relay import Relay
from samarkiv_runtime.eventlog.kafka_subscription import KafkaSubscription
from samarkiv_runtime.eventlog.outbox import rows_of, write_rows
from samarkiv_runtime.eventlog.tables import EVENT
from samarkiv_runtime.eventlog.wake import Wake
from samarkiv_runtime.ports import Clock, Health, Outgoing


class KafkaLog:
    """Implements ports.EventLog. `prefix` stands before every topic and group name (tests share a broker)."""

    needs_relay = True

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bootstrap: str,
        session_ms: int = 15_000,
        prefix: str = "",
        client_id: str = "samarkiv",
        *,
        partitions: int = PARTITIONS,
        security: Mapping[str, Any] | None = None,
        relay_wait_s: float = 30.0,
    ) -> None:
        self._database = database
        self._clock = clock
        self._given = common(bootstrap, client_id, security or {})
        self._session_ms = session_ms
        self._prefix = prefix
        self._partitions = partitions
        self.wake = Wake()
        self._relay = Relay(
            database, clock, self._producer, self.declare, prefix, session_ms / 1000, wait_s=relay_wait_s
        )
        database.after_write(self.wake.ended)

    def _producer(self) -> KafkaProducer:
        return make_producer(self._given)

    def declare(self, topics: Iterable[str]) -> None:
        """Make sure that the topics exist (12 partitions, all replicas the broker wants, kept for ever)."""
        create_topics(self._given, [self._prefix + topic for topic in topics], self._partitions)

    def append(self, tx: Connection, events: Sequence[Outgoing]) -> None:
        """Add events to the outbox in the caller's transaction. The keys are locked: number order = commit order."""
        if not events:
            return
        rows = rows_of(events, self._clock)
        self._database.lock(tx, [f"key:{one.topic}:{one.key}" for one in events])
        write_rows(tx, rows)
        self.wake.mark("unsent")

    def subscribe(self, consumer: str, topics: Sequence[str]) -> KafkaSubscription:
        """Return a member of the consumer's group; raises Unavailable for a topic that does not exist."""

        def make(pattern: bool) -> KafkaConsumer:
            return make_consumer(self._given, self._prefix + consumer, self._session_ms, pattern=pattern)

        return KafkaSubscription(self._database, self._clock, make, self._prefix, topics)

    def relay(self) -> int:
        """Move unsent rows to Kafka; returns how many were acknowledged. One thread a process."""
        return self._relay.run()

    def wait_unsent(self, timeout_s: float) -> None:
        """Wait until this process appends, or the time is out."""
        self.wake.wait("unsent", self.wake.seen("unsent"), timeout_s)

    def unsent(self) -> int:
        """Return how many rows wait for the relay."""
        return self._relay.unsent()

    def trim(self, older_than_s: float) -> int:
        """Drop old rows of the outbox that Kafka has acknowledged; Kafka keeps the events themselves."""
        before = self._clock.now().timestamp() - older_than_s
        with self._database.write() as tx:
            return tx.execute(delete(EVENT).where(EVENT.c.sent == 1, EVENT.c.at < before)).rowcount

    def health(self) -> list[Health]:
        """Return whether the relay gets its acknowledgements."""
        return [self._relay.health()]

    def close(self) -> None:
        """End the relay's producer and give its lease up."""
        self._relay.close()
