"""What the operator sees and does."""

import pytest
from samarkiv_contracts.problems import InvalidInput, NotFound
from samarkiv_runtime import operations
from samarkiv_runtime.clock import CountedIds, FixedClock
from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.jobs import Jobs
from samarkiv_runtime.eventlog.rows import Hearing
from samarkiv_runtime.eventlog.sqlite import SqliteLog
from samarkiv_runtime.ports import LogRecord
from samarkiv_runtime.worker import Worker

NOTHING = Hearing({}, {})


@pytest.fixture
def jobs(database: Database) -> Jobs:
    made = Jobs(database, FixedClock(), CountedIds())
    with database.write() as tx:
        for offset, topic in enumerate(("archive.delivery", "producer.records.p1", "archive.delivery")):
            made.claim(tx, "ingest", [LogRecord(topic, f"k{offset}", {}, b"junk \xff", 0, offset)], NOTHING)
    return made


def test_parked_work_is_listed_by_page(jobs: Jobs) -> None:
    first = operations.list_parked(jobs, limit=2)
    assert [item.key for item in first.items] == ["k0", "k1"]
    rest = operations.list_parked(jobs, after=first.next or 0)
    assert [item.key for item in rest.items] == ["k2"]
    assert rest.next is None
    assert operations.list_parked(jobs, "access").items == []


def test_what_a_producer_sent_is_described_and_not_shown(jobs: Jobs) -> None:
    own, sent, _ = operations.list_parked(jobs).items
    assert operations.show_parked(jobs, own.id).body == "junk \ufffd"
    shown = operations.show_parked(jobs, sent.id)
    assert shown.body is None
    assert (shown.bytes, shown.topic, shown.offset) == (6, "producer.records.p1", 1)
    with pytest.raises(NotFound):
        operations.show_parked(jobs, 99)


def test_a_retry_and_a_drop_act_once(jobs: Jobs) -> None:
    first, second, _ = operations.list_parked(jobs).items
    assert operations.retry(jobs, first.id).outcome == "retried"
    with pytest.raises(NotFound):
        operations.retry(jobs, first.id)
    with pytest.raises(InvalidInput):
        operations.drop(jobs, second.id, "  ")
    assert operations.drop(jobs, second.id, "sent twice").outcome == "dropped"
    with pytest.raises(NotFound):
        operations.drop(jobs, second.id, "again")


def test_the_lag_counts_by_state(database: Database, jobs: Jobs) -> None:
    clock = FixedClock()
    worker = Worker("ingest", 1, SqliteLog(database, clock), jobs, database, clock, {})
    [item] = operations.lag([worker])
    assert (item.consumer, item.unread, item.parked, item.stopped) == ("ingest", 0, 3, False)
    assert operations.progress([worker]) == []
