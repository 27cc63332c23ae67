"""How this house talks to Kafka: every default set by us, and the one place that holds a private part of the client."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError, TopicAlreadyExistsError

LOGGER = logging.getLogger("samarkiv.eventlog")
PARTITIONS = 12
KEEP_FOR_EVER = "-1"
# For ever, in the client's eyes: a batch that passes this limit wedges an idempotent producer (ENGINES, bug 1).
NEVER_MS = 2**31 - 1


def common(bootstrap: str, client_id: str, security: Mapping[str, Any]) -> dict[str, Any]:
    """Return what every client of ours is given; time limits of sending live in the relay."""
    return {
        "bootstrap_servers": [one.strip() for one in bootstrap.split(",") if one.strip()],
        "client_id": client_id,
        "request_timeout_ms": 10_000,
        "bootstrap_timeout_ms": 10_000,
        "metadata_max_age_ms": 60_000,
        "reconnect_backoff_ms": 100,
        "reconnect_backoff_max_ms": 2_000,
        **security,
    }


def make_producer(given: Mapping[str, Any]) -> KafkaProducer:
    """Return a producer of durable, ordered, lz4-packed records."""
    return KafkaProducer(
        **given,
        acks="all",
        enable_idempotence=True,
        max_in_flight_requests_per_connection=5,
        delivery_timeout_ms=NEVER_MS,
        linger_ms=5,
        batch_size=131_072,
        compression_type="lz4",
        max_request_size=1_000_000,
        max_block_ms=15_000,
        allow_auto_create_topics=False,
    )


def make_consumer(given: Mapping[str, Any], group: str, session_ms: int, *, pattern: bool) -> KafkaConsumer:
    """Return a consumer that starts at the first record and commits only what we tell it to."""
    settings = {**given, "metadata_max_age_ms": 5_000} if pattern else given
    return KafkaConsumer(
        **settings,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        allow_auto_create_topics=False,
        partition_assignment_strategy=[RangePartitionAssignor],
        group_instance_id=None,
        max_poll_records=100,
        max_poll_interval_ms=300_000,
        session_timeout_ms=session_ms,
        heartbeat_interval_ms=max(200, session_ms // 5),
        check_crcs=True,
    )


def discard(producer: KafkaProducer, timeout_s: float = 2.0) -> None:
    """End a producer, also one that is stuck: its own close raises then and leaks the network thread."""
    try:
        producer.close(timeout=timeout_s)
    except KafkaError as error:
        LOGGER.warning(
            "a stuck producer is ended: %s", type(error).__name__, extra={"event": "kafka.producer_stuck"}
        )
        sender = producer._sender  # noqa: SLF001
        sender.force_close()
        sender.join(timeout_s)
        producer._closed = True  # noqa: SLF001


def create_topics(given: Mapping[str, Any], names: Iterable[str], partitions: int = PARTITIONS) -> int:
    """Create the topics that are missing, kept for ever; partitions are never added to a keyed topic. Returns how many."""
    admin = KafkaAdminClient(**given)
    try:
        missing = sorted(set(names) - set(admin.list_topics()))
        for name in missing:
            wanted = {
                "num_partitions": partitions,
                "replication_factor": -1,
                "configs": {"retention.ms": KEEP_FOR_EVER},
            }
            try:
                admin.create_topics({name: wanted}, wait_for_metadata=False)
            except TopicAlreadyExistsError:
                continue  # another process was quicker
        if missing:
            admin.wait_for_topics(missing)
        return len(missing)
    finally:
        admin.close()


ProducerMaker = Callable[[], KafkaProducer]
