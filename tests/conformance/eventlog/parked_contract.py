"""What cannot be done: held back, retried, dropped, told; and the line that stops when everything fails."""

import base64
import random
from collections import Counter

import pytest
from samarkiv_contracts.envelope import Envelope
from samarkiv_contracts.events.package import PackageRestricted
from samarkiv_contracts.events.parked import EventParked
from samarkiv_contracts.problems import NotFound, Unavailable, UnreadableEvent
from samarkiv_runtime.eventlog.rows import Hearing
from samarkiv_runtime.eventlog.tell import Teller

from tests.conformance.eventlog.bench import INGEST, KNOWN, Bench, envelope


class ParkedContract:
    """Nothing is lost, and only what must wait waits."""

    def test_a_parked_job_holds_back_its_own_key_only(self, bench: Bench) -> None:
        bench.claim_keys("a", "a", "a")
        bench.park("a")
        bench.claim_keys("b", "b")
        assert bench.work_off() == ["b", "b"]
        assert bench.jobs.counts("ingest") | {"waiting": 2, "parked": 1} == bench.jobs.counts("ingest")

    def test_after_a_retry_the_key_goes_on_in_order(self, bench: Bench) -> None:
        bench.claim(*(bench.record(envelope("a", id=f"e{n}")) for n in range(3)))
        bench.park("a")
        [parked] = bench.jobs.parked("ingest")
        assert bench.jobs.retry_parked(parked.n)
        order = []
        while (job := bench.jobs.take("ingest")) is not None:
            assert job.envelope is not None
            assert job.attempts == 0
            order.append(job.envelope.id)
            bench.finish(job)
        assert order == ["e0", "e1", "e2"]
        assert not bench.jobs.retry_parked(parked.n)

    def test_a_drop_frees_the_rest(self, bench: Bench) -> None:
        bench.claim_keys("a", "a")
        bench.park("a")
        [parked] = bench.jobs.parked("ingest")
        assert bench.jobs.drop_parked(parked.n, "the producer sends it anew")
        assert bench.work_off() == ["a"]
        assert not bench.jobs.drop_parked(parked.n, "again")
        with pytest.raises(NotFound):
            bench.jobs.show(parked.n)

    def test_the_original_bytes_are_kept_and_told_once(self, bench: Bench) -> None:
        teller = Teller(bench.log, bench.clock, bench.jobs._ids, "ingest")
        bench.jobs.when_parked("ingest", teller.tell_parked)
        sent = envelope("Å", correlationid="dlv")
        bench.claim(bench.record(sent))
        for _ in range(3):
            bench.fail(bench.take())
        [parked] = bench.jobs.parked("ingest")
        assert parked.body == sent.to_bytes()
        assert bench.jobs.show(parked.n).body == sent.to_bytes()
        bench.settle()
        [record] = bench.read(bench.subscribe("access", "archive.parked.ingest"), 1)
        told = Envelope.from_bytes(record.body)
        event = EventParked.model_validate(told.data)
        assert base64.b64decode(event.original) == sent.to_bytes()
        assert (record.key, event.code, event.attempts, event.event_id) == ("Å", "unexpected", 3, sent.id)
        assert "planted" not in record.body.decode()

    def test_content_from_a_producer_does_not_travel_on(self, bench: Bench) -> None:
        teller = Teller(bench.log, bench.clock, bench.jobs._ids, "ingest")
        bench.jobs.when_parked("ingest", teller.tell_parked)
        bench.claim(bench.record(b"not json, 19121212-1212", "k", topic="producer.records.p1"))
        bench.settle()
        [record] = bench.read(bench.subscribe("access", "archive.parked.ingest"), 1)
        assert b"19121212" not in base64.b64decode(Envelope.from_bytes(record.body).data["original"])
        assert b"19121212" in bench.jobs.parked("ingest")[0].body

    def test_what_cannot_be_read_is_parked_once(self, bench: Bench) -> None:
        junk = bench.record(b"\xff\x00 not an event", "k")
        told: list[int] = []
        bench.jobs.when_parked("ingest", lambda _tx, parked: told.append(parked.n))
        bench.claim(junk)
        bench.claim(junk)
        [parked] = bench.jobs.parked("ingest")
        assert (parked.code, parked.source, parked.id) == ("unreadable_event", junk.topic, f"0:{junk.offset}")
        assert told == [parked.n]
        bench.claim_keys("k", "other")
        assert bench.work_off() == ["other"]

    def test_junk_from_the_log_itself_is_parked(self, bench: Bench) -> None:
        bench.inject("archive.delivery", "k", b"{}")
        [record] = bench.read(bench.subscribe("ingest"), 1)
        bench.claim(record)
        [parked] = bench.jobs.parked("ingest")
        assert (parked.code, parked.body) == ("unreadable_event", b"{}")

    def test_an_event_on_a_topic_that_may_not_carry_it_is_parked(self, bench: Bench) -> None:
        forged = envelope("k", type=PackageRestricted.type)
        bench.claim(bench.record(forged, topic="producer.records.p1"))
        [parked] = bench.jobs.parked("ingest")
        assert parked.code == "unreadable_event"

    def test_an_unknown_type_waits_until_the_code_knows_it(self, bench: Bench) -> None:
        kind = "se.samarkiv.delivery.moved.v1"
        bench.claim(bench.record(envelope("a", type=kind, id="new")))
        bench.claim(bench.record(envelope("a", id="after")), bench.record(envelope("b", id="other")))
        assert bench.work_off() == ["b"]
        assert [one.code for one in bench.jobs.parked("ingest")] == ["unknown_type"]
        assert bench.jobs.ready_known("ingest", INGEST) == 0
        topic = "archive.delivery"
        newer = Hearing(heard=INGEST.heard | {kind: topic}, known=INGEST.known | {kind: topic})
        assert bench.jobs.ready_known("ingest", newer) == 1
        assert bench.work_off() == ["a", "a"]

    def test_an_unknown_type_that_is_then_known_but_not_heard_frees_its_key(self, bench: Bench) -> None:
        kind = "se.samarkiv.delivery.moved.v1"
        bench.claim(bench.record(envelope("a", type=kind)), bench.record(envelope("a")))
        newer = Hearing(heard=INGEST.heard, known=INGEST.known | {kind: "archive.delivery"})
        assert bench.jobs.ready_known("ingest", newer) == 1
        assert bench.work_off() == ["a"]

    def test_a_known_type_that_is_not_heard_leaves_no_row(self, bench: Bench) -> None:
        unheard = next(
            kind for kind, topic in KNOWN.items() if topic == "archive.delivery" and kind not in INGEST.heard
        )
        bench.claim(bench.record(envelope("a", type=unheard)))
        assert not any(bench.jobs.counts("ingest").values())
        bench.claim_keys("a")
        assert bench.work_off() == ["a"]

    def test_attempts_end_in_parked_with_a_code_and_no_text_of_the_error(self, bench: Bench) -> None:
        bench.claim_keys("a")
        verdicts = []
        for _ in range(3):
            job = bench.take()
            with pytest.raises(Unavailable) as caught:
                bench.jobs.show(_refuse())
            verdicts.append(bench.jobs.fail(job, caught.value))
            bench.clock.move(400)
            bench.jobs.reap("ingest")
        assert verdicts == ["retry", "retry", "parked"]
        [parked] = bench.jobs.parked("ingest")
        assert (parked.code, parked.attempts) == ("unavailable", 3)
        assert "secret" not in parked.reason
        assert "parked_contract" in parked.reason

    def test_when_everything_fails_the_line_stops_and_a_probe_resumes_it(self, bench: Bench) -> None:
        bench.claim_keys(*(f"k{n}" for n in range(10)))
        for _ in range(60):
            job = bench.jobs.take("ingest")
            if job is not None:
                bench.jobs.fail(job, RuntimeError("planted"))
            bench.clock.move(1)
            bench.jobs.reap("ingest")
            if bench.jobs.stopped("ingest"):
                break
        assert bench.jobs.stopped("ingest")
        assert len(bench.jobs.parked("ingest")) == 4
        assert bench.jobs.take("ingest") is None
        bench.clock.move(31)
        bench.jobs.reap("ingest")
        probe = bench.take()
        assert bench.jobs.take("ingest") is None
        assert bench.jobs.fail(probe, RuntimeError("planted")) == "stopped"
        assert len(bench.jobs.parked("ingest")) == 4
        bench.clock.move(61)
        bench.jobs.reap("ingest")
        bench.finish(bench.take())
        assert not bench.jobs.stopped("ingest")
        assert len(bench.work_off()) == 5

    def test_the_stop_outlives_the_process(self, bench: Bench) -> None:
        bench.claim_keys(*(f"k{n}" for n in range(6)))
        for _ in range(4):
            for _ in range(3):
                bench.fail(bench.take(oldest=True))
        assert bench.make_jobs().stopped("ingest")
        assert bench.make_jobs().take("ingest") is None

    def test_an_operators_retry_is_a_probe(self, bench: Bench) -> None:
        bench.claim_keys(*(f"k{n}" for n in range(6)))
        for _ in range(4):
            for _ in range(3):
                bench.fail(bench.take(oldest=True))
        assert bench.jobs.stopped("ingest")
        assert bench.jobs.retry_parked(bench.jobs.parked("ingest")[0].n)
        assert not bench.jobs.stopped("ingest")

    def test_a_few_bad_ones_do_not_stop_the_line(self, bench: Bench) -> None:
        for number in range(12):
            bench.claim_keys(f"bad{number}")
            bench.park(f"bad{number}")
            bench.claim_keys(f"good{number}")
            assert bench.work_off() == [f"good{number}"]
        assert not bench.jobs.stopped("ingest")
        assert len(bench.jobs.parked("ingest")) == 12

    def test_what_a_producer_wrote_wrongly_does_not_stop_the_line(self, bench: Bench) -> None:
        kind = "se.samarkiv.record.closed.v1"
        hearing = Hearing(heard=INGEST.heard | {kind: KNOWN[kind]}, known=KNOWN)
        for number in range(6):
            bad = envelope(f"case-{number}", type=kind)
            bench.claim(bench.record(bad, topic="producer.records.p1"), hearing=hearing)
            assert bench.jobs.fail(bench.take(), UnreadableEvent(), at_once=True) == "parked"
        assert not bench.jobs.stopped("ingest")

    def test_an_urgent_event_passes_a_parked_one_of_its_key(self, bench: Bench) -> None:
        bench.claim_keys("a", "a")
        bench.park("a")
        urgent = envelope("a", type=PackageRestricted.type, id="close")
        bench.claim(bench.record(urgent, topic="archive.package"))
        job = bench.take()
        assert job.envelope is not None
        assert job.envelope.id == "close"
        assert bench.jobs.retry_parked(bench.jobs.parked("ingest")[0].n)
        assert bench.jobs.take("ingest") is None  # the urgent one still runs
        bench.finish(job)
        assert bench.work_off() == ["a", "a"]

    def test_what_came_in_is_done_parked_or_waiting(self, bench: Bench) -> None:
        dice = random.Random(7)
        bench.claim(*(bench.record(envelope(f"k{n % 25}")) for n in range(100)))
        bench.claim(*(bench.record(b"junk", f"j{n}") for n in range(5)))
        done = 0
        for _ in range(200):
            job = bench.jobs.take("ingest")
            if job is not None and dice.random() < 0.3:
                bench.jobs.fail(job, RuntimeError("planted"))
            elif job is not None:
                bench.finish(job)
                done += 1
            bench.clock.move(dice.random() * 2)
            bench.jobs.reap("ingest")
        assert done + sum(bench.jobs.counts("ingest").values()) == 105

    def test_shuffled_and_doubled_deliveries_end_in_the_same_state(self, bench: Bench) -> None:
        events = [envelope(f"k{n % 7}", id=f"e{n}", sequence=n) for n in range(40)]
        dice = random.Random(3)
        for consumer in ("ingest", "ingest.g2"):
            flood = [bench.record(one) for one in events + events]
            dice.shuffle(flood)
            for start in range(0, len(flood), 9):
                bench.claim(*flood[start : start + 9], consumer=consumer)
                while (job := bench.jobs.take(consumer)) is not None:
                    assert job.envelope is not None
                    bench.finish(job, f"{consumer}:{job.envelope.id}")
        seen = Counter(bench.effects())
        assert set(seen.values()) == {1}
        assert {name.split(":")[1] for name in seen} == {f"e{n}" for n in range(40)}
        assert len(seen) == 80

    def test_parked_work_is_listed_by_page_and_consumer(self, bench: Bench) -> None:
        bench.claim(*(bench.record(b"junk", f"j{n}") for n in range(5)))
        bench.claim(bench.record(b"junk", "x"), consumer="access")
        first = bench.jobs.parked("ingest", limit=3)
        rest = bench.jobs.parked("ingest", after=first[-1].n)
        assert [one.key for one in first + rest] == [f"j{n}" for n in range(5)]
        bench.clock.move(90)
        assert bench.jobs.parked("access")[0].age_s == 90
        assert len(bench.jobs.parked()) == 6


def _refuse() -> int:
    raise Unavailable(sv="hemligt", en="secret")
