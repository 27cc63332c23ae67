"""What kafka-python 3.0.12 does on its own: strict xfails that say when a workaround of ours can go.

Each states what one would expect. When a new release does it, the test passes, the strict mark turns it red, and the
cure named in the reason can be taken out.
"""

import time
from collections.abc import Callable

import pytest
from kafka import (
    ConsumerRebalanceListener,
    KafkaAdminClient,
    KafkaConsumer,
    KafkaProducer,
    OffsetAndMetadata,
    TopicPartition,
)
from kafka.errors import KafkaError, KafkaTimeoutError

from tests.faults.kafka.conftest import Broker

pytestmark = pytest.mark.engines
Make = Callable[..., KafkaProducer]


@pytest.mark.xfail(
    strict=True,
    raises=(AssertionError, KafkaTimeoutError),
    reason="bug 1: a batch that was sent and passes delivery_timeout_ms wedges the producer; cure: 2**31-1 (make_producer)",
)
def test_a_producer_goes_on_after_a_delivery_timeout(broker: Broker, producer: Make) -> None:
    topic = broker.topic()
    one = producer(delivery_timeout_ms=1500, request_timeout_ms=1000, linger_ms=0)
    one.send(topic, b"warm").get(5)
    broker.do("freeze")
    try:
        first = one.send(topic, b"late")
        time.sleep(4)
    finally:
        broker.do("thaw")
    assert first.is_done
    one.send(topic, b"after").get(8)


@pytest.mark.xfail(
    strict=True,
    raises=KafkaError,
    reason="bug 2: one answer that cannot be retried kills the producer for every topic; cure: a new producer (Relay)",
)
def test_one_refused_record_leaves_the_producer_usable(broker: Broker, producer: Make) -> None:
    small, other = broker.topic(max_message_bytes="1000"), broker.topic()
    one = producer()
    one.send(other, b"warm").get(5)
    with pytest.raises(KafkaError):
        one.send(small, b"x" * 5000).get(5)
    one.send(other, b"after").get(3)


@pytest.mark.xfail(
    strict=True,
    raises=KafkaTimeoutError,
    reason="bug 3: close() of a stuck producer raises and leaks its network thread; cure: kafka_client.discard",
)
def test_a_stuck_producer_can_be_closed(broker: Broker, producer: Make) -> None:
    topic = broker.topic()
    one = producer()
    one.send(topic, b"warm").get(5)
    broker.do("freeze")
    try:
        one.send(topic, b"stuck")
        one.close(timeout=0.5)
    finally:
        broker.do("thaw")


@pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="bug 4: commit() inside a rebalance listener always raises; cure: the offsets follow each batch (pump)",
)
def test_a_listener_may_commit(broker: Broker) -> None:
    topic = broker.topic()
    errors: list[BaseException] = []
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id=topic, enable_auto_commit=False)

    class Listener(ConsumerRebalanceListener):  # type: ignore[misc]
        def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None: ...

        def on_partitions_lost(self, lost: set[TopicPartition]) -> None: ...

        def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
            try:
                consumer.commit({place: OffsetAndMetadata(0, "", -1) for place in assigned}, timeout_ms=2000)
            except Exception as error:
                errors.append(error)

    try:
        consumer.subscribe([topic], listener=Listener())
        consumer.poll(5000)
        assert consumer.assignment()
        assert errors == []
    finally:
        consumer.close()


@pytest.mark.xfail(
    strict=True,
    raises=KafkaError,
    reason="bug 5: a time stamp more than an hour ahead kills the producer; cure: we never pass one (Relay)",
)
def test_a_time_stamp_ahead_leaves_the_producer_usable(broker: Broker, producer: Make) -> None:
    topic = broker.topic(message_timestamp_after_max_ms="3600000")
    one = producer()
    one.send(topic, b"warm").get(5)
    with pytest.raises(KafkaError):
        one.send(topic, b"ahead", timestamp_ms=int((time.time() + 7200) * 1000)).get(5)
    one.send(topic, b"after").get(3)


@pytest.mark.xfail(
    strict=True,
    reason="bug 6: a consumer of a misspelt topic reads nothing and says nothing; cure: looked up at the start (subscribe)",
)
def test_a_misspelt_topic_is_said(broker: Broker) -> None:
    consumer = KafkaConsumer(
        "misspelt", bootstrap_servers=broker.bootstrap, group_id="misspelt", allow_auto_create_topics=False
    )
    try:
        with pytest.raises(KafkaError):
            consumer.poll(1500)
    finally:
        consumer.close()


@pytest.mark.xfail(
    strict=True,
    reason="bug 7: describe_topics reports errors in fields; cure: list_topics and comparison (create_topics)",
)
def test_describing_a_missing_topic_raises(broker: Broker) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    try:
        with pytest.raises(KafkaError):
            admin.describe_topics(["misspelt"])
    finally:
        admin.close()
