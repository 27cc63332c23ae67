"""Telling: topic, key, id and trace of an event."""

import pytest
from samarkiv_contracts.events.delivery import DeliveryReceived
from samarkiv_contracts.events.receipt import ReceiptIssued
from samarkiv_runtime.clock import CountedIds, FixedClock
from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.sqlite import SqliteLog
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.ports import Job

DELIVERY = "dlv-00000000-0000-4000-8000-000000000001"
RECEIVED = DeliveryReceived(
    delivery=DELIVERY, agreement="agr-00000000-0000-4000-8000-000000000001", way="package", bytes=1, sha256=""
)
RECEIPT = ReceiptIssued(
    receipt="rcp-00000000-0000-4000-8000-000000000001", delivery=DELIVERY, kind="received", sha256=""
)


def teller(database: Database, service: str = "ingest") -> Teller:
    clock = FixedClock()
    return Teller(SqliteLog(database, clock), clock, CountedIds(), service)


def job(cause: str = "/services/access#1") -> Job:
    return Job(1, "ingest", "k", "t", "archive.delivery", 0, 1, 1, {}, b"", None, cause)


def test_the_envelope_says_who_told_what_of_whom(database: Database) -> None:
    with database.write() as tx:
        told = teller(database).tell(tx, RECEIVED, tenant="tnt", sequence=7)
    assert (told.source, told.type, told.subject, told.partitionkey, told.sequence, told.tenant) == (
        "/services/ingest",
        "se.samarkiv.delivery.received.v1",
        DELIVERY,
        DELIVERY,
        7,
        "tnt",
    )
    assert told.correlationid == DELIVERY
    assert DeliveryReceived.model_validate(told.data) == RECEIVED


def test_the_score_decides_who_may_tell(database: Database) -> None:
    with database.write() as tx, pytest.raises(ValueError, match="access may not tell"):
        teller(database, "access").tell(tx, RECEIVED, tenant="t")


def test_a_producers_topic_needs_the_producer(database: Database) -> None:
    with database.write() as tx:
        with pytest.raises(ValueError, match="name the producer"):
            teller(database).tell(tx, RECEIPT, tenant="t")
        teller(database).tell(tx, RECEIPT, tenant="t", producer="kommun-a")
        topics = tx.exec_driver_sql("SELECT topic FROM event").scalars().all()
    assert topics == ["producer.receipts.kommun-a"]


def test_ids_follow_from_the_cause_and_the_place_in_it(database: Database) -> None:
    one = teller(database)
    ids = []
    for _ in range(2):
        cause = job()
        with database.write() as tx:
            ids.append([one.tell(tx, RECEIVED, tenant="t", cause=cause).id for _ in range(3)])
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 3
    with database.write() as tx:
        other = one.tell(tx, RECEIVED, tenant="t", cause=job("/services/access#2")).id
        alone = one.tell(tx, RECEIVED, tenant="t").id
    assert len({other, alone, *ids[0]}) == 5
