"""The worker loop: use cases run, fail, stop and are seen from outside."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from samarkiv_contracts.envelope import Envelope
from samarkiv_contracts.events.delivery import DeliveryPassed, DeliveryReceived
from samarkiv_contracts.events.parked import EventParked
from samarkiv_contracts.problems import Unavailable
from samarkiv_runtime.clock import RandomIds, SystemClock
from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.jobs import Jobs
from samarkiv_runtime.eventlog.sqlite import SqliteLog
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.ports import Effect, Job, Outgoing
from samarkiv_runtime.worker import Worker
from sqlalchemy import Connection

AGREEMENT = "agr-6a2f41a3-c54c-4ce8-b3a9-1a0a4b7e5c10"
Use = Callable[[Job, Any], Effect | None]


def received() -> DeliveryReceived:
    return DeliveryReceived(
        delivery=f"dlv-{uuid.uuid4()}", agreement=AGREEMENT, way="package", bytes=1, sha256=""
    )


class House:
    """A log, jobs and workers that are stopped at the end."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.ids = database, SystemClock(), RandomIds()
        self.log = SqliteLog(database, self.clock)
        self.jobs = Jobs(database, self.clock, self.ids, lease_s=1.0, attempts=3, first_retry_s=0.01)
        self.teller = Teller(self.log, self.clock, self.ids, "ingest")
        self.workers: list[Worker] = []

    def worker(self, handlers: dict[Any, Use], service: str = "ingest", **more: Any) -> Worker:
        given = {"threads": 2, "generation": 1} | more
        generation = given.pop("generation")
        made = Worker(service, generation, self.log, self.jobs, self.database, self.clock, handlers, **given)
        self.workers.append(made)
        return made

    def tell(self, event: Any, **more: Any) -> Envelope:
        with self.database.write() as tx:
            return self.teller.tell(tx, event, tenant="t", **more)

    def until(self, true: Callable[[], bool], seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, "it did not come true"
            time.sleep(0.005)


@pytest.fixture
def house(database: Database) -> Iterator[House]:
    made = House(database)
    yield made
    for worker in made.workers:
        worker.stop()


def test_an_event_runs_its_use_case_and_the_effect_tells_the_next(house: House) -> None:
    seen: list[Envelope | None] = []

    def check(job: Job, event: DeliveryReceived) -> Effect:
        def effect(tx: Connection) -> None:
            told = DeliveryPassed(
                delivery=event.delivery,
                agreement=AGREEMENT,
                handover="h",
                handover_sha256="",
                packages=(),
                files=1,
                bytes=1,
            )
            house.teller.tell(tx, told, tenant=job.tenant, cause=job)

        return effect

    def store(job: Job, event: DeliveryPassed) -> None:
        seen.append(job.envelope)

    first = house.worker({DeliveryReceived: check})
    second = house.worker({DeliveryPassed: store}, "preservation")
    first.start()
    second.start()
    cause = house.tell(received(), correlation="walk-1")
    house.until(lambda: len(seen) == 1 and first.idle() and second.idle())
    [told] = seen
    assert told is not None
    assert (told.correlationid, told.causationid, told.tenant) == ("walk-1", cause.id, "t")
    assert told.traceparent.split("-")[1] == cause.traceparent.split("-")[1]


def test_a_passing_fault_is_retried_within_the_second(house: House) -> None:
    attempts: list[int] = []

    def flaky(job: Job, _event: DeliveryReceived) -> None:
        attempts.append(job.attempts)
        if len(attempts) < 3:
            raise Unavailable

    worker = house.worker({DeliveryReceived: flaky})
    worker.start()
    house.tell(received())
    house.until(lambda: len(attempts) == 3 and worker.idle(), 5)
    assert attempts == [0, 1, 2]


def test_a_lasting_fault_ends_parked_and_is_told_and_logged_without_content(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_job: Job, _event: DeliveryReceived) -> None:
        raise RuntimeError("Anna Andersson 19121212-1212")

    told: list[EventParked] = []
    worker = house.worker({DeliveryReceived: broken})
    hearer = house.worker({EventParked: lambda _job, event: told.append(event)}, "access")
    with caplog.at_level(logging.WARNING, "samarkiv.ingest"):
        worker.start()
        hearer.start()
        event = received()
        house.tell(event)
        house.until(lambda: len(told) == 1)
    [parked] = house.jobs.parked("ingest")
    assert (parked.attempts, parked.code, parked.key) == (3, "unexpected", event.delivery)
    assert told[0].consumer == "ingest"
    assert told[0].reason == parked.reason
    assert "19121212" not in parked.reason
    assert {record.event for record in caplog.records} >= {"worker.retry", "worker.parked"}  # type: ignore[attr-defined]
    assert not any("19121212" in record for record in caplog.text.splitlines())


def test_data_that_does_not_fit_is_parked_at_once_and_names_our_fields_only(house: House) -> None:
    worker = house.worker({DeliveryReceived: lambda _job, _event: None})
    worker.start()
    bad = Envelope(
        id="1",
        source="/services/ingest",
        type=DeliveryReceived.type,
        time=datetime.now(UTC),
        data={"delivery": "19121212-1212", "agreement": AGREEMENT},
    )
    with house.database.write() as tx:
        house.log.append(tx, [Outgoing("archive.delivery", "k", bad)])
    house.until(lambda: len(house.jobs.parked("ingest")) == 1)
    [parked] = house.jobs.parked("ingest")
    assert (parked.code, parked.attempts) == ("unreadable_event", 1)
    assert parked.reason == "The event cannot be read: fields do not fit: bytes, delivery, sha256, way"


def test_unfinished_work_goes_back_at_a_stop_and_the_late_worker_writes_nothing(house: House) -> None:
    began, go, ended = threading.Event(), threading.Event(), threading.Event()
    effects: list[str] = []

    def slow(_job: Job, _event: DeliveryReceived) -> Effect:
        began.set()
        go.wait(10)
        ended.set()
        return lambda _tx: effects.append("late")

    worker = house.worker({DeliveryReceived: slow})
    worker.start()
    house.tell(received())
    assert began.wait(5)
    started = time.monotonic()
    worker.stop(timeout_s=0.3)
    assert time.monotonic() - started < 2
    assert house.jobs.counts("ingest")["ready"] == 1
    go.set()
    assert ended.wait(5)
    second = house.worker({DeliveryReceived: lambda _job, _event: lambda _tx: effects.append("second")})
    second.start()
    house.until(second.idle)
    assert effects == ["second"]


def test_progress_is_seen_and_ends_work_that_was_lost(house: House) -> None:
    shown, go, ended = threading.Event(), threading.Event(), threading.Event()

    def long(job: Job, _event: DeliveryReceived) -> None:
        job.progress("identify", 3, 10)
        shown.set()
        go.wait(10)
        try:
            job.progress("identify", 4, 10)
        finally:
            ended.set()

    worker = house.worker({DeliveryReceived: long})
    worker.start()
    told = house.tell(received(), correlation="walk")
    assert shown.wait(5)
    [progress] = worker.progress()
    assert (progress.what, progress.done, progress.total, progress.correlation) == ("identify", 3, 10, "walk")
    assert told.correlationid == "walk"
    worker.stop(timeout_s=0.1)
    go.set()
    assert ended.wait(5)
    assert house.jobs.counts("ingest")["ready"] == 1


def test_long_work_is_kept_alive_by_its_beat(house: House) -> None:
    runs: list[int] = []

    def long(job: Job, _event: DeliveryReceived) -> None:
        runs.append(job.fence)
        time.sleep(0.1)

    house.jobs.lease_s = 0.05
    worker = house.worker({DeliveryReceived: long})
    worker.start()
    house.tell(received())
    house.until(lambda: bool(runs) and worker.idle())
    assert runs == [1]


def test_work_beyond_its_time_limit_is_no_longer_kept_alive(house: House) -> None:
    runs: list[int] = []
    go = threading.Event()

    def stuck(job: Job, _event: DeliveryReceived) -> None:
        runs.append(job.fence)
        if len(runs) == 1:
            go.wait(10)

    house.jobs.lease_s = 0.05
    worker = house.worker({DeliveryReceived: stuck}, job_limit_s=0.01)
    worker.start()
    house.tell(received())
    house.until(lambda: len(runs) == 2)
    go.set()


def test_a_generation_is_a_consumer_of_its_own(house: House) -> None:
    seen: list[str] = []
    for generation in (1, 2):
        name = f"g{generation}"
        handler: Use = lambda _job, _event, name=name: seen.append(name)  # type: ignore[misc]  # noqa: E731
        house.worker({DeliveryReceived: handler}, generation=generation).start()
    house.tell(received())
    house.until(lambda: sorted(seen) == ["g1", "g2"])
    assert [worker.consumer for worker in house.workers] == ["ingest", "ingest.g2"]


def test_health_says_when_the_line_is_stopped(house: House) -> None:
    def broken(_job: Job, _event: DeliveryReceived) -> None:
        raise RuntimeError

    house.jobs.stop_after = 1
    worker = house.worker({DeliveryReceived: broken})
    worker.start()
    assert [one.outcome for one in worker.health()] == ["ok"]
    house.tell(received())
    house.until(worker.stopped)
    assert [one.outcome for one in worker.health()] == ["bad"]


def test_a_worker_can_be_started_again(house: House) -> None:
    seen: list[str] = []
    worker = house.worker({DeliveryReceived: lambda _job, event: seen.append(event.delivery)})
    worker.start()
    house.tell(received())
    house.until(lambda: len(seen) == 1)
    worker.stop()
    house.tell(received())
    worker.start()
    house.until(lambda: len(seen) == 2 and worker.idle())
    assert worker.lag() == 0
