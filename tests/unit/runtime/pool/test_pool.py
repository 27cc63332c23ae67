"""The pool: order, limits, death of workers and of the parent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError
from pathlib import Path

import pytest
from samarkiv_runtime.pool import Pool, PoolError, TaskTimedOut, WorkerDied
from samarkiv_runtime.sandbox import Sandbox

from tests.unit.runtime.pool import tasks


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2, warm=None) as pool:
        yield pool


def test_results_come_in_the_order_of_the_items(pool: Pool) -> None:
    assert list(pool.map_ordered(tasks.double, range(50), 4)) == [2 * n for n in range(50)]


def test_items_are_drawn_as_they_are_needed(pool: Pool) -> None:
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for n in range(100):
            drawn.append(n)
            yield n

    results = pool.map_ordered(tasks.double, items(), 3)
    assert next(results) == 0
    assert len(drawn) <= 4
    results.close()  # type: ignore[attr-defined]


def test_an_error_keeps_its_class_and_the_workers_traceback(pool: Pool) -> None:
    with pytest.raises(ValueError, match="åäö") as caught:
        pool.submit(tasks.fail, "åäö").result(10)
    assert "in fail" in str(caught.value.__cause__)


def test_an_error_that_cannot_travel_is_told_in_words(pool: Pool) -> None:
    with pytest.raises(RuntimeError, match="OddError: 12"):
        pool.submit(tasks.fail_oddly).result(10)


def test_a_worker_that_leaves_by_exit_is_an_error_of_its_task_only(pool: Pool) -> None:
    with pytest.raises(SystemExit):
        pool.submit(tasks.leave).result(10)
    assert pool.submit(tasks.double, 4).result(10) == 8


def test_a_dead_worker_fails_only_its_own_task_and_is_replaced(pool: Pool) -> None:
    before = set(pool.pids())
    futures = [pool.submit(tasks.double, n) for n in range(4)]
    dead = pool.submit(tasks.die)
    futures += [pool.submit(tasks.double, n) for n in range(4, 8)]
    with pytest.raises(WorkerDied, match="die"):
        dead.result(10)
    assert [future.result(10) for future in futures] == [2 * n for n in range(8)]
    end = time.monotonic() + 10
    while len(pool.pids()) < 2:
        assert time.monotonic() < end
        time.sleep(0.005)
    assert len(set(pool.pids()) - before) == 1


def test_a_task_over_its_limit_is_killed(pool: Pool) -> None:
    with pytest.raises(TaskTimedOut, match=r"nap took longer than 0\.05 s"):
        pool.submit(tasks.nap, 60.0, limit_s=0.05).result(10)
    assert pool.submit(tasks.double, 1).result(10) == 2


def test_a_worker_is_replaced_after_so_many_tasks() -> None:
    with Pool(1, warm=None, max_tasks=3) as pool:
        pids = [pool.submit(tasks.where).result(10) for _ in range(6)]
    assert pids[:3] == [pids[0]] * 3
    assert pids[3:] == [pids[3]] * 3
    assert pids[0] != pids[3]


def test_a_worker_that_has_grown_is_replaced() -> None:
    with Pool(1, warm=None, max_peak_bytes=200 << 20) as pool:
        first = pool.submit(tasks.where).result(10)
        assert pool.submit(tasks.hoard, 250).result(10) == 250 << 20
        assert pool.submit(tasks.where).result(10) != first


def test_memory_is_bounded() -> None:
    with Pool(1, warm=None, memory_bytes=1 << 30) as pool:
        with pytest.raises(MemoryError):
            pool.submit(tasks.hoard, 1024).result(10)
        assert pool.submit(tasks.double, 2).result(10) == 4


def test_a_worker_is_light_and_knows_no_secrets(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMARKIV_SERVICE_SECRET", "hemligt")
    with Pool(1, warm=None) as fresh:
        modules = fresh.submit(tasks.loaded).result(10)
        environment = fresh.submit(tasks.environment).result(10)
    heavy = {"fastapi", "sqlalchemy", "pydantic", "samarkiv", "samarkiv_runtime.pool", "pytest", "minio"}
    assert heavy.isdisjoint(modules)
    assert not [name for name in environment if name.startswith("SAMARKIV_")]
    assert environment["GOMAXPROCS"] == "1"


def test_what_is_to_be_warm_is_loaded_when_the_pool_is_ready() -> None:
    with Pool(1, warm=tasks.warm) as pool:
        assert pool.ready(30)
        assert pool.ready(0.0)
        assert "wave" in pool.submit(tasks.loaded).result(10)


def test_what_cannot_travel_is_refused_at_once(pool: Pool) -> None:
    with pytest.raises(Exception, match="pickle"):
        pool.submit(lambda: 1)


def test_closing_drops_what_has_not_begun_and_ends_the_workers(tmp_path: Path) -> None:
    pool = Pool(1, warm=None)
    running = pool.submit(tasks.nap, 60.0)
    waiting = pool.submit(tasks.double, 1)
    while not running.running():
        time.sleep(0.005)
    pids = pool.pids()
    pool.close(wait_s=0.05)
    pool.close()
    with pytest.raises(WorkerDied):
        running.result(0)
    with pytest.raises(CancelledError):
        waiting.result(0)
    with pytest.raises(PoolError):
        pool.submit(tasks.double, 1)
    assert not any(alive(pid) for pid in pids)


def test_no_worker_outlives_a_killed_parent(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from samarkiv_runtime.pool import Pool\n"
        "from tests.unit.runtime.pool import tasks\n"
        "pool = Pool(2, warm=None)\n"
        "pool.submit(tasks.double, 1).result()\n"
        "pool.submit(tasks.nap, 600.0)\n"
        "while len(pool.pids()) < 2: time.sleep(0.01)\n"
        "print(*pool.pids(), flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2
    assert all(alive(pid) for pid in pids)
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    parent.stdout.close()
    end = time.monotonic() + 10
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < end
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_ctrl_c_is_left_to_the_parent(pool: Pool) -> None:
    pid = pool.submit(tasks.where).result(10)
    os.kill(pid, signal.SIGINT)
    assert pool.submit(tasks.nap, 0.05).result(10) in pool.pids()
    assert alive(pid)


def test_workers_behind_walls_see_no_keys_and_no_network(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "keys").mkdir(parents=True)
    (home / "keys" / "signing").write_text("hemligt")
    (home / "token").write_text("hemligt")
    walls = Sandbox()
    prefix = walls.worker_prefix(write=[home], hide=[home / "keys", home / "token"])
    assert bool(prefix) == walls.walls
    with Pool(1, warm=None, prefix=prefix) as pool:
        for secret in (home / "keys" / "signing", home / "token"):
            written, seen, devices = pool.submit(tasks.write_and_look, str(home / "x"), str(secret)).result(
                10
            )
            assert written
            if walls.walls:
                assert not seen
                assert devices == ["lo"]
        with pytest.raises(TaskTimedOut):
            pool.submit(tasks.nap, 60.0, limit_s=0.05).result(10)
        with pytest.raises(WorkerDied):
            pool.submit(tasks.die).result(10)
        assert pool.submit(tasks.double, 3).result(10) == 6
        pids = pool.pids()
    assert (home / "x").read_text() == "skrivet"
    assert (home / "keys" / "signing").read_text() == "hemligt"
    assert not any(alive(pid) for pid in pids)
