"""The embedded composition: everything in one SQLite file."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import samarkiv_runtime
from samarkiv_runtime.clock import SystemClock
from samarkiv_runtime.database import Database, migrate
from samarkiv_runtime.eventlog.sqlite import SqliteLog
from sqlalchemy import event, text

from tests.conformance.eventlog.bench import Bench, Collected, keys_of, outgoing
from tests.conformance.eventlog.jobs_contract import JobsContract
from tests.conformance.eventlog.kill_contract import KillContract
from tests.conformance.eventlog.log_contract import AppendContract, ReadContract, WakeContract
from tests.conformance.eventlog.parked_contract import ParkedContract

VERSIONS = Path(samarkiv_runtime.__file__).parent / "migrations" / "versions"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without rows, copied for every test."""
    path = tmp_path_factory.mktemp("empty") / "empty.sqlite"
    database = Database.open(f"sqlite:///{path}")
    migrate(database, [("runtime", VERSIONS)])
    with database.write() as tx:
        tx.execute(text("CREATE TABLE effect (n INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)"))
    with database.engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


def without_fsync(connection: Any, _record: Any) -> None:
    """Spare the disk: these cases kill processes, not the power; what the kernel has been given is kept."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def bench(empty: Path, tmp_path: Path) -> Iterator[Bench]:
    path = tmp_path / "archive.sqlite"
    path.write_bytes(empty.read_bytes())
    database = Database.open(f"sqlite:///{path}")
    event.listen(database.engine, "connect", without_fsync)

    def inject(topic: str, key: str, body: bytes) -> None:
        with database.write() as tx:
            tx.execute(
                text(
                    "INSERT INTO event (topic, key, headers, body, at, sent) VALUES (:t, :k, '{}', :b, 0, 0)"
                ),
                {"t": topic, "k": key, "b": body},
            )

    made = Bench(
        database,
        lambda: SqliteLog(database, SystemClock()),
        inject,
        lambda: Database.open(f"sqlite:///{path}"),
    )
    made.engines = {"url": f"sqlite:///{path}"}
    yield made
    made.close()
    database.close()


class TestAppend(AppendContract):
    """Appending to SQLite."""


class TestRead(ReadContract):
    """Reading from SQLite."""


class TestWake(WakeContract):
    """Waking on SQLite."""

    def test_the_commit_of_another_process_is_seen(self, bench: Bench) -> None:
        subscription = bench.subscribe("ingest")
        other = bench.open_again()  # its own engine: no wake of ours is called
        log = SqliteLog(other, SystemClock())

        def write() -> None:
            time.sleep(0.05)
            with other.write() as tx:
                log.append(tx, [outgoing("k")])

        thread = threading.Thread(target=write)
        thread.start()
        started = time.monotonic()
        assert subscription.pump(Collected(), 500, 5.0) == 1
        assert time.monotonic() - started < 1.0
        thread.join()
        other.close()

    def test_there_is_nothing_to_relay(self, bench: Bench) -> None:
        bench.append(outgoing("k"))
        assert bench.log.relay() == 0

    def test_numbers_do_not_start_again_after_a_trim(self, bench: Bench) -> None:
        bench.append(outgoing("a"), outgoing("b"))
        subscription = bench.subscribe("ingest")
        bench.read(subscription, 2)
        assert bench.log.trim(-3600) == 2
        bench.append(outgoing("c"))
        assert keys_of(bench.read(subscription, 1)) == ["c"]


class TestJobs(JobsContract):
    """Jobs on SQLite."""


class TestParked(ParkedContract):
    """Parked work on SQLite."""


class TestKills(KillContract):
    """Kills on SQLite."""
