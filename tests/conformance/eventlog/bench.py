"""What every case stands on: a log, jobs, two clocks and a table of effects, on either composition."""

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from samarkiv_contracts.catalogue import BY_TYPE, DELIVERY, PACKAGE
from samarkiv_contracts.envelope import Envelope
from samarkiv_contracts.events.delivery import DeliveryPassed, DeliveryReceived
from samarkiv_contracts.events.package import PackageRestricted
from samarkiv_runtime.clock import CountedIds, FixedClock
from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.jobs import Jobs
from samarkiv_runtime.eventlog.rows import Hearing
from samarkiv_runtime.ports import Claim, EventLog, Job, LogRecord, Outgoing, Subscription
from sqlalchemy import Connection, text

AGREEMENT = "agr-6a2f41a3-c54c-4ce8-b3a9-1a0a4b7e5c10"
TOPICS = (DELIVERY, PACKAGE, "archive.parked.ingest")
KNOWN = {kind: row.topic for kind, row in BY_TYPE.items()}
INGEST = Hearing(
    heard={one.type: KNOWN[one.type] for one in (DeliveryReceived, DeliveryPassed, PackageRestricted)},
    known=KNOWN,
    urgent=frozenset({PackageRestricted.type}),
)


def delivery(number: int) -> str:
    """Return a well-formed delivery id."""
    return f"dlv-00000000-0000-4000-8000-{number:012d}"


def received(key: str) -> DeliveryReceived:
    """Return a well-formed event."""
    return DeliveryReceived(delivery=key, agreement=AGREEMENT, way="package", bytes=1, sha256="")


def envelope(key: str, *, tenant: str = "t", size: int = 1, **more: Any) -> Envelope:
    """Return a `delivery.received` in its envelope; `more` replaces attributes."""
    given: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "source": "/services/ingest",
        "type": DeliveryReceived.type,
        "time": datetime(2026, 11, 24, tzinfo=UTC),
        "subject": key,
        "partitionkey": key,
        "tenant": tenant,
        "data": {"delivery": key, "agreement": AGREEMENT, "way": "package", "bytes": size, "sha256": ""},
    }
    return Envelope(**(given | more))


def outgoing(key: str, topic: str = DELIVERY, **more: Any) -> Outgoing:
    """Return an event on its way."""
    return Outgoing(topic, key, envelope(key, **more))


@dataclass
class Collected:
    """A claim that only notes what it was given."""

    records: list[LogRecord] = field(default_factory=list)
    batches: int = 0

    def __call__(self, _tx: Connection, records: Sequence[LogRecord]) -> None:
        self.batches += 1
        self.records += records

    def ids(self) -> list[str]:
        return [Envelope.from_bytes(record.body).id for record in self.records]


class Bench:
    """One test's composition. `make_log` gives another log on the same engines, as another process would have it."""

    def __init__(
        self,
        database: Database,
        make_log: Callable[[], EventLog],
        inject: Callable[[str, str, bytes], None],
        open_again: Callable[[], Database],
    ) -> None:
        self.database = database
        self.make_log = make_log
        self.log = make_log()
        self.inject = inject
        self.open_again = open_again
        self.engines: dict[str, str] = {}  # what another process needs to find the same engines
        self.clock = FixedClock()
        self.jobs = self.make_jobs()
        self._next = 0
        self._subscriptions: list[Subscription] = []

    def make_jobs(self, **more: Any) -> Jobs:
        """Return another process's view of the jobs; its clock can be its own."""
        given: dict[str, Any] = {"attempts": 3, "stop_after": 4, "probe_s": 30.0, "lease_s": 10.0} | more
        return Jobs(self.database, given.pop("clock", self.clock), CountedIds(), **given)

    # ------------------------------------------------------------------ the log

    def append(self, *events: Outgoing) -> None:
        """Append in one transaction and let the relay do its work."""
        with self.database.write() as tx:
            self.log.append(tx, events)
        self.settle()

    def settle(self) -> None:
        """Relay until nothing is unsent."""
        until = time.monotonic() + 20
        while self.log.unsent():  # type: ignore[attr-defined]
            self.log.relay()
            assert time.monotonic() < until, "the relay does not get its rows out"

    def subscribe(self, consumer: str, *topics: str, log: EventLog | None = None) -> Subscription:
        """Subscribe; closed at the end of the test."""
        subscription = (log or self.log).subscribe(consumer, topics or (DELIVERY,))
        self._subscriptions.append(subscription)
        return subscription

    def read(self, subscription: Subscription, count: int, *, limit: int = 500) -> list[LogRecord]:
        """Pump until `count` records were claimed."""
        got = Collected()
        self.pump(subscription, got, count, lambda: len(got.records), limit=limit)
        return got.records

    def pump(
        self,
        subscription: Subscription,
        claim: Claim,
        count: int,
        have: Callable[[], int],
        *,
        limit: int = 500,
    ) -> None:
        """Pump `claim` until `have()` reaches `count`; 20 s at most."""
        until = time.monotonic() + 20
        while have() < count:
            subscription.pump(claim, limit, 0.2)
            assert time.monotonic() < until, f"{have()} of {count} records after 20 s"

    def close(self) -> None:
        """Close everything."""
        for subscription in self._subscriptions:
            subscription.close()
        self.log.close()

    # ------------------------------------------------------------------ jobs

    def record(self, one: Envelope | bytes, key: str = "", topic: str = DELIVERY) -> LogRecord:
        """Return a record as the log would give it."""
        self._next += 1
        body = one if isinstance(one, bytes) else one.to_bytes()
        key = key or (one.partitionkey if isinstance(one, Envelope) else "")
        return LogRecord(topic, key, {"content-type": "application/json"}, body, 0, self._next)

    def claim(self, *records: LogRecord, consumer: str = "ingest", hearing: Hearing = INGEST) -> None:
        """Claim in one transaction."""
        with self.database.write() as tx:
            self.jobs.claim(tx, consumer, records, hearing)

    def claim_keys(self, *keys: str, **more: Any) -> None:
        """Claim one `delivery.received` a key, in order."""
        self.claim(*(self.record(envelope(key, **more)) for key in keys))

    def take(self, jobs: Jobs | None = None, **more: Any) -> Job:
        """Take a job that must be there."""
        job = (jobs or self.jobs).take("ingest", **more)
        assert job is not None
        return job

    def finish(self, job: Job, *effects: str) -> None:
        """Finish with effects: rows of the table `effect`."""
        with self.database.write() as tx:
            self.jobs.finish(tx, job)
            for effect in effects:
                self.effect(tx, effect)

    def work_off(self, jobs: Jobs | None = None) -> list[str]:
        """Take and finish until nothing is ready; returns the keys in the order they were done."""
        done = []
        while (job := (jobs or self.jobs).take("ingest")) is not None:
            self.finish(job)
            done.append(job.lane)
        return done

    def fail(self, job: Job, times: int = 1) -> str:
        """Fail an attempt, then wait out its pause."""
        verdict = self.jobs.fail(job, RuntimeError("planted"))
        for _ in range(times):
            self.clock.move(400)
            self.jobs.reap("ingest")
        return verdict

    def park(self, key: str) -> None:
        """Fail the lane's job until it is parked."""
        for _ in range(3):
            job = self.take()
            assert job.lane == key
            self.fail(job)

    # ------------------------------------------------------------------ effects

    def effect(self, tx: Connection, name: str) -> None:
        """Write a row that must be written once."""
        tx.execute(text("INSERT INTO effect (name) VALUES (:name)"), {"name": name})

    def effects(self) -> list[str]:
        """Return what was written, in order."""
        with self.database.read() as tx:
            return [row.name for row in tx.execute(text("SELECT name FROM effect ORDER BY n"))]


def in_threads(*actions: Callable[[], None]) -> None:
    """Run the actions at the same time; raises what the first of them raised."""
    errors: list[BaseException] = []

    def guarded(action: Callable[[], None]) -> None:
        try:
            action()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    if errors:
        raise errors[0]
    assert not any(thread.is_alive() for thread in threads)


def keys_of(records: Iterable[LogRecord]) -> list[str]:
    """Return the keys in order."""
    return [record.key for record in records]
