"""Small parts: failpoints, waking, the watchdog, patterns."""

import os
import re
import signal
import subprocess
import sys
import threading

import pytest
from samarkiv_runtime.clock import FixedClock
from samarkiv_runtime.eventlog.outbox import matches
from samarkiv_runtime.eventlog.wake import Wake
from samarkiv_runtime.failpoints import failpoint


def test_a_failpoint_kills_at_the_named_passing_and_does_nothing_otherwise() -> None:
    failpoint("anything")
    code = "from samarkiv_runtime.failpoints import failpoint as f\nfor n in (1, 2, 3): f('x'); f('y'); print(n, flush=True)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "SAMARKIV_FAILPOINT": "y:2"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "1\n")


def test_a_wake_during_the_look_is_not_missed() -> None:
    wake = Wake()
    seen = wake.seen("a")
    wake.mark("a")
    assert not wake.wait("a", seen, 0.0)
    wake.ended()
    assert wake.wait("a", seen, 0.0)


def test_a_wake_concerns_its_name_and_the_thread_that_marked_it() -> None:
    wake = Wake()
    seen_a, seen_b = wake.seen("a"), wake.seen("b")
    wake.mark("a")
    other = threading.Thread(target=wake.ended)  # another thread's transaction ends
    other.start()
    other.join()
    assert not wake.wait("a", seen_a, 0.0)
    wake.ended()
    assert wake.wait("a", seen_a, 0.0)
    assert not wake.wait("b", seen_b, 0.0)


@pytest.mark.parametrize(
    ("pattern", "topic", "expected"),
    [
        ("archive.delivery", "archive.delivery", True),
        ("archive.delivery", "archiveXdelivery", False),
        ("producer.records.*", "producer.records.p1", True),
        ("producer.records.*", "producer.records", False),
        ("producer.records.*", "producer.recordsXp1", False),
    ],
)
def test_patterns_are_names_with_one_star(pattern: str, topic: str, expected: bool) -> None:
    from samarkiv_runtime.eventlog.kafka_subscription import pattern_of

    assert matches(pattern, topic) is expected
    assert bool(re.match(pattern_of("x.", [pattern, "other"]), "x." + topic)) is expected


def test_the_watchdog_renews_once_and_then_gives_up() -> None:
    from samarkiv_runtime.eventlog.kafka_subscription import Watch

    clock = FixedClock()
    watch = Watch(clock)
    assert watch.look(joined=True, lag=5, position=10) == "ok"
    clock.move(59)
    assert watch.look(joined=True, lag=5, position=10) == "ok"
    clock.move(2)
    assert watch.look(joined=True, lag=5, position=10) == "renew"
    clock.move(61)
    assert watch.look(joined=False, lag=0, position=0) == "give_up"


def test_the_watchdog_lets_a_spare_member_and_a_quiet_log_be() -> None:
    from samarkiv_runtime.eventlog.kafka_subscription import Watch

    clock = FixedClock()
    watch = Watch(clock)
    for _ in range(5):
        clock.move(100)
        assert watch.look(joined=True, lag=0, position=0) == "ok"
    clock.move(61)
    assert watch.look(joined=True, lag=3, position=7) == "ok"  # it moved
    clock.move(61)
    assert watch.look(joined=True, lag=3, position=7) == "renew"
    assert watch.look(joined=True, lag=0, position=10) == "ok"
    clock.move(61)
    assert watch.look(joined=True, lag=1, position=10) == "renew"
