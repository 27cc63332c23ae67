"""The same faults around our own log: nothing is lost, each key keeps its order, the backlog drains."""

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient
from samarkiv_contracts.catalogue import DELIVERY, PACKAGE
from samarkiv_contracts.envelope import Envelope
from samarkiv_runtime.clock import SystemClock
from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.kafka import KafkaLog
from sqlalchemy import text

from tests.conformance.eventlog.bench import Collected, outgoing
from tests.conformance.eventlog.test_kafka import url
from tests.faults.kafka.conftest import Broker

pytestmark = pytest.mark.engines
__all__ = ["url"]


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    made = Database.open(url)
    with made.write() as tx:
        tx.execute(text("TRUNCATE event, place, job, line, lease"))
    yield made
    made.close()


@pytest.fixture
def log(broker: Broker, database: Database) -> Iterator[KafkaLog]:
    made = KafkaLog(
        database,
        SystemClock(),
        broker.bootstrap,
        session_ms=2_000,
        prefix=f"a{uuid.uuid4().hex[:6]}.",
        partitions=2,
        relay_wait_s=2.0,
    )
    made.declare([DELIVERY])
    yield made
    made.close()


class Traffic:
    """A relay and a reader at work while the broker suffers."""

    def __init__(self, log: KafkaLog, wanted: int) -> None:
        self.log, self.wanted, self.got = log, wanted, Collected()
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._relay), threading.Thread(target=self._read)]
        for thread in self.threads:
            thread.start()

    def _relay(self) -> None:
        while not self.stop.is_set():
            try:
                if not self.log.relay():
                    self.log.wait_unsent(0.05)
            except Exception:
                self.stop.wait(0.2)

    def _read(self) -> None:
        subscription = None
        while not self.stop.is_set():
            try:
                subscription = subscription or self.log.subscribe("ingest", [DELIVERY])
                subscription.pump(self.got, 100, 0.3)
            except Exception:
                self.stop.wait(0.2)
            if len(set(self.got.ids())) >= self.wanted:
                break
        if subscription is not None:
            subscription.close()
        self.stop.set()

    def end(self, seconds: float) -> None:
        self.stop.wait(seconds)
        self.stop.set()
        for thread in self.threads:
            thread.join(20)


@pytest.mark.timeout(180)
def test_a_frozen_and_then_killed_broker_costs_no_event_and_no_order(
    broker: Broker, database: Database, log: KafkaLog
) -> None:
    total = 150
    traffic = Traffic(log, total)
    try:
        for number in range(total):
            with database.write() as tx:
                log.append(tx, [outgoing(f"k{number % 5}", id=f"e{number}", sequence=number)])
            if number == 40:
                broker.do("freeze")
            if number == 60:
                time.sleep(0.1)
                assert log.unsent() > 0  # appends go on while the broker does not answer
                broker.do("thaw")
            if number == 90:
                broker.do("kill")
            if number == 120:
                broker.do("start")
    finally:
        traffic.end(90)
    assert set(traffic.got.ids()) == {f"e{number}" for number in range(total)}
    assert log.unsent() == 0
    first_seen: dict[str, list[int]] = defaultdict(list)
    for record in traffic.got.records:
        number = Envelope.from_bytes(record.body).sequence
        if number not in first_seen[record.key]:
            first_seen[record.key].append(number)
    assert all(numbers == sorted(numbers) for numbers in first_seen.values())


def test_a_topic_that_refuses_holds_back_only_itself(
    broker: Broker, database: Database, log: KafkaLog
) -> None:
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    small = {"num_partitions": 1, "replication_factor": 1, "configs": {"max.message.bytes": "200"}}
    admin.create_topics({log._prefix + PACKAGE: small}, wait_for_metadata=True)
    admin.close()
    traffic = Traffic(log, 20)
    try:
        with database.write() as tx:
            log.append(tx, [outgoing("large", PACKAGE, data={"x": "y" * 5000})])
            log.append(tx, [outgoing("k", id=f"e{n}") for n in range(20)])
    finally:
        traffic.end(30)
    assert set(traffic.got.ids()) == {f"e{n}" for n in range(20)}
    assert log.unsent() == 1
    assert log.health()[0].outcome == "bad"
