"""Durable jobs: order by key, leases without a wall clock, fencing, fairness."""

import itertools
import threading
import time
from datetime import timedelta

import pytest
from samarkiv_contracts.events.delivery import DeliveryPassed
from samarkiv_contracts.problems import Fenced
from samarkiv_runtime.clock import FixedClock
from samarkiv_runtime.eventlog.rows import Hearing
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.ports import Job
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.conformance.eventlog.bench import (
    AGREEMENT,
    KNOWN,
    Bench,
    Collected,
    delivery,
    envelope,
    in_threads,
)


class JobsContract:
    """What Jobs promises on every database."""

    def test_one_key_has_one_running_job(self, bench: Bench) -> None:
        bench.claim_keys("a", "a", "b")
        first, second = bench.take(), bench.take()
        assert {first.lane, second.lane} == {"a", "b"}
        assert bench.jobs.take("ingest") is None
        bench.finish(first if first.lane == "a" else second)
        assert bench.take().lane == "a"

    def test_who_knows_that_no_worker_lives_takes_every_job_back_at_once(self, bench: Bench) -> None:
        bench.claim_keys("a", "b")
        left = bench.take(), bench.take()
        assert bench.jobs.take_back() == 2
        again = {job.lane: job for job in (bench.take(), bench.take())}
        assert set(again) == {"a", "b"}
        for job in left:
            assert again[job.lane].fence > job.fence
            with pytest.raises(Fenced):
                bench.finish(job)

    def test_the_database_itself_forbids_two_running_jobs_of_a_key(self, bench: Bench) -> None:
        bench.claim_keys("a", "a")
        bench.take()
        with pytest.raises(IntegrityError), bench.database.write() as tx:
            tx.execute(text("UPDATE job SET state = 'running'"))

    def test_six_takers_racing_take_each_job_once(self, bench: Bench) -> None:
        bench.claim_keys(*(f"k{n % 20}" for n in range(60)))
        taken: list[tuple[str, int]] = []
        guard = threading.Lock()

        def taker() -> None:
            idle_until = time.monotonic() + 10
            while time.monotonic() < idle_until:
                job = bench.jobs.take("ingest")
                if job is None:
                    if len(taken) >= 60:
                        return
                    continue
                with guard:
                    taken.append((job.lane, job.n))
                bench.finish(job, str(job.n))

        in_threads(*(taker for _ in range(6)))
        assert len(taken) == 60
        assert len(set(bench.effects())) == 60
        for lane in range(20):
            numbers = [n for key, n in taken if key == f"k{lane}"]
            assert numbers == sorted(numbers)

    def test_a_beating_job_is_not_stolen(self, bench: Bench) -> None:
        bench.claim_keys("a")
        job = bench.take()
        for _ in range(5):
            bench.clock.move(8)
            assert bench.jobs.beat(job)
            assert bench.jobs.reap("ingest") == 0
        bench.finish(job, "done")
        assert bench.effects() == ["done"]

    def test_a_silent_job_is_taken_over_and_the_first_worker_is_fenced(self, bench: Bench) -> None:
        bench.claim_keys("a")
        first = bench.take()
        other = bench.make_jobs(clock=(clock := FixedClock()))
        assert other.reap("ingest") == 0  # it must have watched for a whole lease itself
        clock.move(11)
        assert other.reap("ingest") == 1
        second = bench.take(other)
        assert second.n == first.n
        assert second.fence == first.fence + 1
        assert not bench.jobs.beat(first)
        with pytest.raises(Fenced):
            bench.finish(first, "first")
        bench.finish(second, "second")
        assert bench.effects() == ["second"]

    def test_the_failure_of_a_fenced_worker_changes_nothing(self, bench: Bench) -> None:
        bench.claim_keys("a")
        first = bench.take()
        bench.jobs.reap("ingest")
        bench.clock.move(11)
        bench.jobs.reap("ingest")
        second = bench.take()
        with pytest.raises(Fenced):
            bench.jobs.fail(first, RuntimeError("late"))
        assert bench.jobs.counts("ingest")["running"] == 1
        bench.finish(second, "second")
        assert bench.effects() == ["second"]

    def test_effect_end_and_told_event_roll_back_together(self, bench: Bench) -> None:
        bench.claim_keys("a")
        teller = Teller(bench.log, bench.clock, bench.jobs._ids, "ingest")
        job = bench.take()

        def act(job: Job, *, fails: bool) -> None:
            with bench.database.write() as tx:
                bench.jobs.finish(tx, job)
                bench.effect(tx, "stored")
                event = DeliveryPassed(
                    delivery=delivery(1),
                    agreement=AGREEMENT,
                    handover="",
                    handover_sha256="",
                    packages=(),
                    files=0,
                    bytes=0,
                )
                teller.tell(tx, event, tenant="t", cause=job)
                if fails:
                    raise RuntimeError("planted")

        with pytest.raises(RuntimeError):
            act(job, fails=True)
        assert bench.effects() == []
        bench.fail(job)
        act(bench.take(), fails=False)
        bench.settle()
        assert bench.effects() == ["stored"]
        got = Collected()
        bench.pump(bench.subscribe("access"), got, 1, lambda: len(got.records))
        assert len(got.records) == 1

    def test_a_job_that_kills_its_workers_is_parked(self, bench: Bench) -> None:
        bench.claim_keys("a", "b")
        jobs = bench.make_jobs(deaths=3)
        for _ in range(3):
            job = bench.take(jobs)
            while job.lane != "a":
                bench.finish(job)
                job = bench.take(jobs)
            jobs.reap("ingest")
            bench.clock.move(11)
            jobs.reap("ingest")
        [parked] = jobs.parked("ingest")
        assert (parked.key, parked.code, parked.attempts, parked.deaths) == ("a", "worker_died", 0, 3)

    def test_a_job_that_dies_again_and_again_lets_others_go_first(self, bench: Bench) -> None:
        bench.claim_keys("a")
        for _ in range(3):
            bench.take()
            assert bench.jobs.take_back() == 1
        assert bench.jobs.take("ingest") is None
        bench.claim_keys("b")
        assert bench.take().lane == "b"
        bench.clock.move(2)
        bench.jobs.reap("ingest")
        assert bench.take().lane == "a"

    def test_jumps_of_the_wall_clock_neither_steal_nor_strand(self, bench: Bench) -> None:
        bench.claim_keys("a", "b")
        running, failed = bench.take(), bench.take()
        bench.jobs.reap("ingest")
        bench.clock._now += timedelta(days=3650)
        assert bench.jobs.reap("ingest") == 0  # ten years ahead by the wall, no second by the monotonic clock
        bench.jobs.fail(failed, RuntimeError("planted"))
        bench.clock._now -= timedelta(days=3650)
        assert bench.jobs.reap("ingest") == 1  # a retry due in ten years is not waited for
        bench.finish(bench.take(), "retried")
        assert bench.jobs.beat(running)

    def test_a_retry_keeps_the_order_of_its_key(self, bench: Bench) -> None:
        bench.claim(*(bench.record(envelope("a", id=f"e{n}")) for n in range(3)))
        job = bench.take()
        assert bench.jobs.fail(job, RuntimeError("planted")) == "retry"
        assert bench.jobs.take("ingest") is None
        bench.clock.move(5)
        bench.jobs.reap("ingest")
        order = []
        while (job := bench.jobs.take("ingest")) is not None:  # type: ignore[assignment]
            assert job.envelope is not None
            order.append(job.envelope.id)
            bench.finish(job)
        assert order == ["e0", "e1", "e2"]

    def test_pauses_grow_from_a_fifth_of_a_second(self, bench: Bench) -> None:
        bench.claim_keys("a")
        jobs = bench.make_jobs(attempts=6)
        waited = []
        for _ in range(4):
            jobs.fail(bench.take(jobs), RuntimeError("planted"))
            pause = 0.0
            while jobs.reap("ingest") == 0:
                bench.clock.move(0.05)
                pause += 0.05
            waited.append(pause)
        assert waited[0] < 0.4
        assert all(later > 2 * earlier for earlier, later in itertools.pairwise(waited))

    def test_tenants_are_served_in_turn(self, bench: Bench) -> None:
        for tenant, count in (("big", 30), ("small", 2), ("other", 2)):
            bench.claim(*(bench.record(envelope(f"{tenant}-{n}", tenant=tenant)) for n in range(count)))
        first = [bench.take().tenant for _ in range(6)]
        assert sorted(first) == ["big", "big", "other", "other", "small", "small"]

    def test_small_work_goes_first_and_an_old_large_job_is_not_starved(self, bench: Bench) -> None:
        bench.claim(bench.record(envelope("large", size=10**9)))
        bench.claim(*(bench.record(envelope(f"s{n}", size=10)) for n in range(5)))
        assert bench.take().lane.startswith("s")
        assert bench.take(oldest=True).lane == "large"

    def test_a_limit_of_size_leaves_large_work_to_others(self, bench: Bench) -> None:
        bench.claim(bench.record(envelope("large", size=10**9)))
        assert bench.jobs.take("ingest", max_size=10**6) is None
        assert bench.take(max_size=10**9).lane == "large"

    def test_a_deep_lane_leaves_the_others_free_and_quick(self, bench: Bench) -> None:
        bench.claim(*(bench.record(envelope("deep", size=5)) for _ in range(3000)))
        bench.claim_keys("x", "y")
        started = time.monotonic()
        lanes = []
        for _ in range(30):
            job = bench.take()
            lanes.append(job.lane)
            bench.finish(job)
        assert {"x", "y"} <= set(lanes[:4])
        assert time.monotonic() - started < 3.0

    def test_a_duplicate_has_one_effect(self, bench: Bench) -> None:
        twice = envelope("a", id="same")
        bench.claim(bench.record(twice), bench.record(twice))
        bench.claim(bench.record(twice))
        assert bench.work_off() == ["a"]
        bench.claim(bench.record(twice))
        assert bench.work_off() == []

    def test_the_same_id_from_another_source_is_another_event(self, bench: Bench) -> None:
        bench.claim(*(bench.record(envelope("a", id="same", source=f"/services/{n}")) for n in range(2)))
        assert len(bench.work_off()) == 2

    def test_a_producer_cannot_take_the_name_of_another(self, bench: Bench) -> None:
        kind = "se.samarkiv.record.closed.v1"
        hearing = Hearing(heard={kind: KNOWN[kind]}, known=KNOWN)
        for topic in ("producer.records.p1", "producer.records.p2"):
            forged = envelope("case", id="same", source="/producers/p1", type=kind)
            bench.claim(bench.record(forged, topic=topic), hearing=hearing)
        lanes = bench.work_off()
        assert sorted(lanes) == ["producer.records.p1:case", "producer.records.p2:case"]

    def test_work_given_back_is_taken_by_another_at_once(self, bench: Bench) -> None:
        bench.claim_keys("a")
        job = bench.take()
        assert bench.jobs.give_back(job)
        again = bench.take()
        assert again.n == job.n
        assert again.fence == job.fence + 1
        assert not bench.jobs.give_back(job)

    def test_a_body_is_kept_until_the_work_is_done_and_no_longer(self, bench: Bench) -> None:
        bench.claim_keys("a")
        job = bench.take()
        assert job.body
        bench.finish(job)
        with bench.database.read() as tx:
            assert bytes(tx.execute(text("SELECT body FROM job")).scalar_one()) == b""
