"""The distributed composition: an outbox in PostgreSQL, relayed to Kafka."""

import os
import uuid
from collections.abc import Iterator

import pytest
from kafka import KafkaProducer
from samarkiv_contracts.envelope import Envelope
from samarkiv_contracts.problems import Unavailable
from samarkiv_runtime.clock import FixedClock, SystemClock
from samarkiv_runtime.database import Database, migrate
from samarkiv_runtime.eventlog.kafka import KafkaLog
from samarkiv_runtime.eventlog.lease import Lease
from sqlalchemy import create_engine, text

from tests.conformance.eventlog.bench import TOPICS, Bench, in_threads, outgoing
from tests.conformance.eventlog.jobs_contract import JobsContract
from tests.conformance.eventlog.kill_contract import KillContract
from tests.conformance.eventlog.log_contract import AppendContract, ReadContract, WakeContract
from tests.conformance.eventlog.parked_contract import ParkedContract
from tests.conformance.eventlog.test_sqlite import VERSIONS

pytestmark = pytest.mark.engines


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A schema of our own in the PostgreSQL of the engines."""
    given, schema = os.environ["SAMARKIV_DATABASE_URL"], f"eventlog_{uuid.uuid4().hex[:8]}"
    engine = create_engine(given)
    with engine.begin() as tx:
        tx.execute(text(f"CREATE SCHEMA {schema}"))
    mine = f"{given}?options=-csearch_path%3D{schema}"
    database = Database.open(mine)
    migrate(database, [("runtime", VERSIONS)])
    with database.write() as tx:
        tx.execute(text("CREATE TABLE effect (n bigint GENERATED ALWAYS AS IDENTITY, name text)"))
    database.close()
    yield mine
    with engine.begin() as tx:
        tx.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture
def bench(url: str) -> Iterator[Bench]:
    """Topics of this test's own, and emptied tables."""
    prefix, bootstrap = f"t{uuid.uuid4().hex[:8]}.", os.environ["SAMARKIV_KAFKA"]
    database = Database.open(url)
    with database.write() as tx:
        tx.execute(text("TRUNCATE event, place, job, line, lease, effect"))

    def make_log() -> KafkaLog:
        return KafkaLog(database, SystemClock(), bootstrap, session_ms=2_000, prefix=prefix, partitions=2)

    def inject(topic: str, key: str, body: bytes) -> None:
        producer = KafkaProducer(bootstrap_servers=bootstrap)
        producer.send(prefix + topic, value=body, key=key.encode()).get(10)
        producer.close()

    made = Bench(database, make_log, inject, lambda: Database.open(url))
    made.engines = {"url": url, "kafka": bootstrap, "prefix": prefix}
    made.log.declare(TOPICS)
    yield made
    made.close()
    database.close()


class TestAppend(AppendContract):
    """Appending to the outbox."""


class TestRead(ReadContract):
    """Reading from Kafka."""


class TestWake(WakeContract):
    """Waking the relay, joining the group."""


class TestRelay:
    """One relay holds the lease; two at once would cost duplicates, never order."""

    def test_two_relays_at_once_keep_the_order_of_each_key(self, bench: Bench) -> None:
        logs = [bench.log, bench.make_log()]
        for log in logs:
            log._relay.lease._lease_s = 0.0  # type: ignore[attr-defined]  # neither waits for the other
        with bench.database.write() as tx:
            for number in range(300):
                bench.log.append(tx, [outgoing(f"k{number % 6}", sequence=number)])

        def relay(log: KafkaLog) -> None:
            while log.unsent():
                log.relay()

        in_threads(*(lambda log=log: relay(log) for log in logs))
        records = bench.read(bench.subscribe("ingest"), 300)
        first_seen: dict[str, list[int]] = {}
        for record in records:
            number = Envelope.from_bytes(record.body).sequence
            mine = first_seen.setdefault(record.key, [])
            if number not in mine:
                mine.append(number)
        assert all(numbers == sorted(numbers) for numbers in first_seen.values())
        assert sum(map(len, first_seen.values())) == 300
        logs[1].close()

    def test_a_standby_takes_over_when_the_holder_falls_silent(self, bench: Bench) -> None:
        holder = Lease(bench.database, FixedClock(), "relay", 4.0)
        assert holder.hold()
        clock = FixedClock()
        standby = Lease(bench.database, clock, "relay", 4.0)
        assert not standby.hold()
        clock.move(3.9)
        assert not standby.hold()
        clock.move(0.6)
        assert standby.hold()
        holder._acted = -1e9
        assert not holder.hold()

    def test_a_holder_that_leaves_is_followed_at_once(self, bench: Bench) -> None:
        holder, standby = (Lease(bench.database, FixedClock(), "relay", 60.0) for _ in range(2))
        assert holder.hold()
        holder.let_go()
        assert standby.hold()

    def test_a_row_for_a_topic_that_is_missing_does_not_hold_back_the_others(self, bench: Bench) -> None:
        with bench.database.write() as tx:
            bench.log.append(tx, [outgoing("a", "producer.receipts.new"), outgoing("b")])
        bench.settle()
        assert {one.key for one in bench.read(bench.subscribe("ingest"), 1)} == {"b"}
        assert {one.key for one in bench.read(bench.subscribe("p", "producer.receipts.new"), 1)} == {"a"}

    def test_a_topic_that_does_not_exist_is_said_at_once(self, bench: Bench) -> None:
        with pytest.raises(Unavailable, match="misspelt"):
            bench.log.subscribe("ingest", ["archive.misspelt"])


class TestJobs(JobsContract):
    """Jobs on PostgreSQL."""


class TestParked(ParkedContract):
    """Parked work on PostgreSQL."""


class TestKills(KillContract):
    """Kills on Kafka and PostgreSQL."""
