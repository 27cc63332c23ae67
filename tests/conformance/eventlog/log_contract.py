"""Appending and reading: what every event log promises."""

import threading
import time
from collections import defaultdict

import pytest
from samarkiv_contracts.catalogue import DELIVERY, PACKAGE
from samarkiv_contracts.envelope import Envelope
from samarkiv_contracts.problems import TooLarge
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.ports import Outgoing

from tests.conformance.eventlog.bench import (
    INGEST,
    Bench,
    Collected,
    delivery,
    envelope,
    in_threads,
    keys_of,
    outgoing,
    received,
)


class AppendContract:
    """Rows in the caller's transaction; per key, number order is commit order."""

    def test_a_rolled_back_append_is_never_read(self, bench: Bench) -> None:
        def broken() -> None:
            with bench.database.write() as tx:
                bench.log.append(tx, [outgoing("lost")])
                raise RuntimeError

        with pytest.raises(RuntimeError):
            broken()
        bench.append(outgoing("kept"))
        assert keys_of(bench.read(bench.subscribe("ingest"), 1)) == ["kept"]

    def test_bytes_key_and_headers_come_out_unchanged(self, bench: Bench) -> None:
        event = envelope("Ärende 5/2026 ☃", traceparent=f"00-{'a' * 32}-{'b' * 16}-01")
        bench.append(outgoing("other"))
        with bench.database.write() as tx:
            bench.log.append(tx, [Outgoing(DELIVERY, "Ärende 5/2026 ☃", event)])
        bench.settle()
        found = {one.key: one for one in bench.read(bench.subscribe("ingest"), 2)}["Ärende 5/2026 ☃"]
        assert found.body == event.to_bytes()
        assert Envelope.from_bytes(found.body) == event
        assert found.topic == DELIVERY
        assert found.headers == {
            "content-type": "application/cloudevents+json; charset=UTF-8",
            "traceparent": event.traceparent,
        }

    def test_an_empty_append_writes_nothing(self, bench: Bench) -> None:
        with bench.database.write() as tx:
            bench.log.append(tx, [])
        bench.append(outgoing("a"))
        assert len(bench.read(bench.subscribe("ingest"), 1)) == 1

    def test_events_of_one_key_are_read_in_the_order_they_were_appended(self, bench: Bench) -> None:
        events = [outgoing(f"key-{number % 5}", sequence=number) for number in range(60)]
        for start in range(0, 60, 7):
            bench.append(*events[start : start + 7])
        by_key = defaultdict(list)
        for record in bench.read(bench.subscribe("ingest"), 60, limit=11):
            by_key[record.key].append(Envelope.from_bytes(record.body).sequence)
        assert by_key == {f"key-{k}": list(range(k, 60, 5)) for k in range(5)}

    def test_a_late_commit_of_a_lower_number_is_not_skipped(self, bench: Bench) -> None:
        written, go = threading.Event(), threading.Event()
        subscription = bench.subscribe("ingest")

        def slow() -> None:
            with bench.database.write() as tx:
                bench.log.append(tx, [outgoing("slow")])
                written.set()
                go.wait(5)

        def quick() -> None:
            written.wait(5)
            with bench.database.write() as tx:
                bench.log.append(tx, [outgoing("quick")])

        threads = [threading.Thread(target=slow), threading.Thread(target=quick)]
        for thread in threads:
            thread.start()
        threads[1].join(0.1)  # SQLite: waits for the slow one; PostgreSQL: commits before it
        got = Collected()
        if not threads[1].is_alive():
            bench.settle()
            bench.pump(subscription, got, 1, lambda: len(got.records))
            assert keys_of(got.records) == ["quick"]
        go.set()
        for thread in threads:
            thread.join(5)
        bench.settle()
        bench.pump(subscription, got, 2, lambda: len(got.records))
        assert sorted(keys_of(got.records)) == ["quick", "slow"]

    def test_an_append_of_the_same_key_waits_for_the_first_to_end(self, bench: Bench) -> None:
        first, go, order = threading.Event(), threading.Event(), []

        def one() -> None:
            with bench.database.write() as tx:
                bench.log.append(tx, [outgoing("k", sequence=1)])
                first.set()
                go.wait(5)
                order.append("one")

        def two() -> None:
            first.wait(5)
            with bench.database.write() as tx:
                bench.log.append(tx, [outgoing("k", sequence=2)])
                order.append("two")

        threads = [threading.Thread(target=one), threading.Thread(target=two)]
        for thread in threads:
            thread.start()
        threads[1].join(0.1)
        assert threads[1].is_alive()
        go.set()
        for thread in threads:
            thread.join(5)
        assert order == ["one", "two"]

    def test_six_writers_lose_nothing_and_keep_their_order(self, bench: Bench) -> None:
        def writer(number: int) -> None:
            for step in range(20):
                with bench.database.write() as tx:
                    bench.log.append(
                        tx, [outgoing(f"w{number}", sequence=step), outgoing("all", sequence=step)]
                    )

        in_threads(*(lambda n=n: writer(n) for n in range(6)))
        bench.settle()
        by_key = defaultdict(list)
        for record in bench.read(bench.subscribe("ingest"), 240):
            by_key[record.key].append(Envelope.from_bytes(record.body).sequence)
        assert len(by_key.pop("all")) == 120
        assert by_key == {f"w{n}": list(range(20)) for n in range(6)}

    def test_what_is_too_large_is_refused_before_the_log(self, bench: Bench) -> None:
        with pytest.raises(TooLarge), bench.database.write() as tx:
            bench.log.append(tx, [outgoing("small"), outgoing("big", data={"x": "y" * 900_000})])
        large = outgoing("large", data={"x": "y" * 890_000})
        bench.append(large)
        [record] = bench.read(bench.subscribe("ingest"), 1)
        assert record.body == large.event.to_bytes()


class ReadContract:
    """Every consumer reads everything, from the first event, in its own time."""

    def test_two_consumers_each_get_all(self, bench: Bench) -> None:
        bench.append(*(outgoing(f"k{n}") for n in range(10)))
        for consumer in ("ingest", "access"):
            assert len(set(keys_of(bench.read(bench.subscribe(consumer), 10)))) == 10

    def test_a_new_consumer_starts_at_the_first_event(self, bench: Bench) -> None:
        bench.append(outgoing("a"), outgoing("b"))
        bench.read(bench.subscribe("ingest"), 2)
        bench.append(outgoing("c"))
        assert sorted(keys_of(bench.read(bench.subscribe("late"), 3))) == ["a", "b", "c"]

    def test_a_failed_claim_gives_the_same_records_again(self, bench: Bench) -> None:
        bench.append(*(outgoing("k", sequence=n) for n in range(5)))
        subscription = bench.subscribe("ingest")
        seen = Collected()

        def broken(tx: object, records: object) -> None:
            seen(tx, records)  # type: ignore[arg-type]
            raise RuntimeError("planted")

        until = time.monotonic() + 20
        while not seen.records and time.monotonic() < until:
            try:
                subscription.pump(broken, 500, 0.2)
            except RuntimeError:
                break
        again = bench.read(subscription, 5)
        assert [one.offset for one in again] == [one.offset for one in seen.records]
        assert [one.body for one in again] == [one.body for one in seen.records]

    def test_the_position_survives_a_restart(self, bench: Bench) -> None:
        bench.append(outgoing("a"), outgoing("b"))
        first = bench.subscribe("ingest")
        bench.read(first, 2)
        first.close()
        bench.append(outgoing("c"))
        assert keys_of(bench.read(bench.subscribe("ingest", log=bench.make_log()), 1)) == ["c"]

    def test_a_rewind_delivers_again_and_changes_nothing(self, bench: Bench) -> None:
        bench.append(*(outgoing(f"k{n}") for n in range(6)))
        subscription = bench.subscribe("ingest")
        got = Collected()

        def claim(tx, records) -> None:  # type: ignore[no-untyped-def]
            got(tx, records)
            bench.jobs.claim(tx, "ingest", records, INGEST)

        bench.pump(subscription, claim, 6, lambda: len(got.records))
        assert len(bench.work_off()) == 6
        subscription.rewind()
        bench.pump(subscription, claim, 12, lambda: len(got.records))
        assert sorted(got.ids()[:6]) == sorted(got.ids()[6:])
        assert bench.jobs.take("ingest") is None

    def test_a_new_generation_tells_the_same_ids(self, bench: Bench) -> None:
        bench.append(outgoing("k", id="cause-1"))
        teller = Teller(bench.log, bench.clock, bench.jobs._ids, "ingest")
        told = []
        for consumer in ("ingest", "ingest.g2"):
            record = next(one for one in bench.read(bench.subscribe(consumer), 1) if one.key == "k")
            bench.claim(record, consumer=consumer)
            job = bench.jobs.take(consumer)
            assert job is not None
            with bench.database.write() as tx:
                told.append(
                    [teller.tell(tx, received(delivery(n)), tenant="t", cause=job).id for n in range(3)]
                )
        assert told[0] == told[1]
        assert len(set(told[0])) == 3

    def test_a_pattern_hears_a_topic_that_comes_later(self, bench: Bench) -> None:
        bench.log.declare(["producer.records.p1"])
        bench.append(outgoing("a", "producer.records.p1"))
        subscription = bench.subscribe("ingest", "producer.records.*", DELIVERY)
        got = Collected()
        bench.pump(subscription, got, 1, lambda: len(got.records))
        bench.log.declare(["producer.records.p2"])
        bench.append(outgoing("b", "producer.records.p2"))
        bench.append(outgoing("c", DELIVERY))
        bench.pump(subscription, got, 3, lambda: len(got.records))
        assert sorted((one.topic, one.key) for one in got.records) == [
            (DELIVERY, "c"),
            ("producer.records.p1", "a"),
            ("producer.records.p2", "b"),
        ]

    def test_a_dot_in_a_pattern_is_a_dot(self, bench: Bench) -> None:
        bench.log.declare(["producer.records.p1", "producerXrecords.p1", "producer.recordsXp1"])
        for topic in ("producerXrecords.p1", "producer.recordsXp1", "producer.records.p1"):
            bench.append(outgoing(topic, topic))
        subscription = bench.subscribe("ingest", "producer.records.*")
        assert keys_of(bench.read(subscription, 1)) == ["producer.records.p1"]
        assert subscription.pump(Collected(), 500, 0.1) == 0

    def test_two_members_leave_no_hole(self, bench: Bench) -> None:
        bench.append(*(outgoing(f"k{n}", id=f"e{n}") for n in range(80)))
        logs = [bench.log, bench.make_log()]
        members = [bench.subscribe("ingest", log=log) for log in logs]
        got, stop = Collected(), threading.Event()

        def member(subscription) -> None:  # type: ignore[no-untyped-def]
            until = time.monotonic() + 25
            while not stop.is_set() and time.monotonic() < until:
                subscription.pump(got, 7, 0.1)
                if len(set(got.ids())) >= 120:
                    stop.set()

        def more() -> None:
            for start in range(80, 120, 10):
                bench.append(*(outgoing(f"k{n}", id=f"e{n}") for n in range(start, start + 10)))

        in_threads(more, *(lambda one=one: member(one) for one in members))
        assert set(got.ids()) == {f"e{n}" for n in range(120)}

    def test_the_lag_counts_what_was_not_read(self, bench: Bench) -> None:
        bench.append(outgoing("k"))
        subscription = bench.subscribe("ingest")
        bench.read(subscription, 1)
        assert subscription.lag() == 0
        bench.append(outgoing("k"), outgoing("k"), outgoing("k"))
        assert subscription.lag() == 3

    def test_a_trim_never_passes_the_slowest_consumer(self, bench: Bench) -> None:
        bench.append(*(outgoing("k") for _ in range(4)))
        quick, slow = bench.subscribe("quick"), bench.subscribe("slow")
        bench.read(quick, 4)
        bench.read(slow, 2, limit=2)
        bench.log.trim(-3600)
        assert len(bench.read(slow, 2)) == 2
        bench.append(outgoing("new"))
        assert keys_of(bench.read(quick, 1)) == ["new"]

    def test_an_unsent_or_unread_event_is_not_trimmed(self, bench: Bench) -> None:
        with bench.database.write() as tx:
            bench.log.append(tx, [outgoing("kept")])
        subscription = bench.subscribe("ingest")
        bench.log.trim(-3600)
        bench.settle()
        assert keys_of(bench.read(subscription, 1)) == ["kept"]

    def test_an_idle_look_takes_no_write_lock(self, bench: Bench) -> None:
        bench.append(outgoing("k"))
        subscription = bench.subscribe("ingest")
        bench.read(subscription, 1)
        with bench.database.write() as tx:
            bench.effect(tx, "held")
            started = time.monotonic()
            assert subscription.pump(Collected(), 500, 0.0) == 0
            assert bench.jobs.take("ingest") is None
            assert bench.jobs.reap("ingest") == 0
            assert time.monotonic() - started < 2.0

    def test_other_topics_are_passed_over(self, bench: Bench) -> None:
        bench.append(*(outgoing("p", PACKAGE) for _ in range(3)), outgoing("d"))
        assert keys_of(bench.read(bench.subscribe("ingest"), 1)) == ["d"]


class WakeContract:
    """News travels at once, and joins even when the processor is busy."""

    def test_a_wake_beats_the_poll(self, bench: Bench) -> None:
        bench.append(outgoing("first"))
        subscription = bench.subscribe("ingest")
        bench.read(subscription, 1)
        times: list[float] = []
        ready, stop = threading.Event(), threading.Event()

        def reader() -> None:
            ready.set()
            if subscription.pump(Collected(), 500, 10.0):
                times.append(time.monotonic())
            stop.set()

        def relay() -> None:
            while not stop.is_set():
                if not bench.log.relay():
                    getattr(bench.log, "wait_unsent", stop.wait)(
                        5.0 if hasattr(bench.log, "wait_unsent") else 0.05
                    )

        def writer() -> None:
            ready.wait(5)
            time.sleep(0.05)
            with bench.database.write() as tx:
                bench.log.append(tx, [outgoing("news")])
            times.append(time.monotonic())
            stop.wait(15)
            with bench.database.write() as tx:
                bench.log.append(tx, [outgoing("end")])

        in_threads(reader, relay, writer)
        assert abs(times[1] - times[0]) < 1.0

    def test_a_consumer_joins_while_the_processor_is_busy(self, bench: Bench) -> None:
        bench.append(outgoing("k"))
        stop = threading.Event()

        def burn() -> None:
            while not stop.is_set():
                sum(n * n for n in range(2000))

        threads = [threading.Thread(target=burn, daemon=True) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            assert keys_of(bench.read(bench.subscribe("ingest"), 1)) == ["k"]
        finally:
            stop.set()
            for thread in threads:
                thread.join()
