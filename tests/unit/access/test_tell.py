"""Journeys in plain words: in order, in both languages, and no success word before it is true."""

import pytest
from samarkiv_access.domain.journey import Told, expected, tell
from samarkiv_access.usecases.tell import tell_story
from samarkiv_contracts.catalogue import heard_by
from samarkiv_contracts.events.delivery import (
    DeliveryAccepted,
    DeliveryPassed,
    DeliveryReceived,
    DeliveryRejected,
)
from samarkiv_contracts.events.parked import EventParked
from samarkiv_contracts.events.registry import RegistryChanged
from samarkiv_contracts.problems import NotFound, NotSignedIn
from samarkiv_runtime.policy import Grant, Subject

from tests.unit.access.fakes import ARCHIVIST, NOW, Caller, Room
from tests.unit.access.shelf import AGREEMENT, BOARD, TENANT, an_id, described, record
from tests.unit.access.test_hear import FILES, stored

DELIVERY = an_id("dlv", "p")
PRODUCER = Subject(
    "person",
    "prs-2",
    "acc-2",
    TENANT,
    (Grant("producer", TENANT, BOARD),),
    assurance=1,
    auth_time=NOW,
    token_kind="session",
)


def received(room: Room) -> None:
    room.registry.documents[TENANT] = {
        "tenant": {"id": TENANT, "name": "Lindhamra"},
        "agreements": [{"id": AGREEMENT, "reference": "LÖ-14", "authority": BOARD}],
        "version": 1,
    }
    room.hear(RegistryChanged(tenant=TENANT, noun="tenant", id=TENANT, version=1, sha256="0" * 64))
    room.hear(
        DeliveryReceived(delivery=DELIVERY, agreement=AGREEMENT, way="package", bytes=9, sha256="0" * 64),
        minutes=-9,
    )


def test_an_accepted_delivery_is_told_from_arrival_to_storage(room: Room) -> None:
    received(room)
    passed = DeliveryPassed(
        delivery=DELIVERY,
        agreement=AGREEMENT,
        handover="h",
        handover_sha256="0" * 64,
        packages=(an_id("uuid", "p"),),
        files=3,
        bytes=6,
    )
    room.hear(passed, minutes=-5)
    room.shelf.put(described("p", files=3), [record("p")], FILES)
    room.hear(stored("p"))
    room.hear(DeliveryAccepted(delivery=DELIVERY, packages=(an_id("uuid", "p"),), copies=2), minutes=1)
    told = [step.text.sv for step in tell_story(room.database, Caller(PRODUCER), DELIVERY).steps]
    assert [text.split()[0] for text in told] == ["Mottagen.", "Utan", "Lagrad", "Godkänd,"]
    assert "ett arkivpaket" in told[1]
    assert "två kopior" in told[2]


def test_a_rejected_delivery_says_nothing_of_success(room: Room) -> None:
    received(room)
    room.hear(DeliveryRejected(delivery=DELIVERY, codes=("CSIP71",), findings=3, report_sha256="0" * 64))
    steps = tell_story(room.database, Caller(PRODUCER), DELIVERY).steps
    assert [step.tone for step in steps] == ["ok", "stop", "next"]
    assert "CSIP71" in steps[1].text.sv
    for step in steps[1:]:
        assert "godkänd" not in step.text.sv.lower()
        assert "accepted" not in step.text.en.lower()


def test_a_parked_event_tells_that_nothing_is_lost(room: Room) -> None:
    received(room)
    parked = EventParked(
        consumer="preservation", original_key=DELIVERY, topic="archive.delivery", partition=0, offset=1,
        code="storage_full", reason="no room", attempts=5, sha256="0" * 64, bytes=1,
    )  # fmt: skip
    room.hear(parked, correlation=DELIVERY)
    last = tell_story(room.database, Caller(PRODUCER), DELIVERY).steps[-1]
    assert last.tone == "stop"
    assert "Ingenting har gått förlorat" in last.text.sv


def test_a_delivery_is_told_only_to_those_who_may_see_it(room: Room) -> None:
    received(room)
    with pytest.raises(NotSignedIn):
        tell_story(room.database, Caller(), DELIVERY)
    other = Subject(**{**vars(PRODUCER), "grants": (Grant("producer", an_id("tnt", "other"), "*"),)})
    for thing in (DELIVERY, an_id("dlv", "never")):
        with pytest.raises(NotFound):
            tell_story(room.database, Caller(other), thing)


def test_the_public_hears_of_an_open_record_but_not_of_its_producer(room: Room) -> None:
    room.shelf.put(described("p", files=3), [record("p")], FILES)
    room.hear(stored("p"))
    story = tell_story(room.database, Caller(), an_id("rec", "p"))
    assert len(story.steps) == 2
    room.shelf.put(described("asked", files=3), [record("asked", level=1)], FILES)
    room.hear(stored("asked"))
    with pytest.raises(NotFound):
        tell_story(room.database, Caller(), an_id("rec", "asked"))
    assert tell_story(room.database, Caller(ARCHIVIST), an_id("rec", "asked")).steps


def test_many_packages_are_told_in_one_sentence() -> None:
    told = [
        Told(
            "se.samarkiv.package.stored.v1",
            f"2026-11-24T08:00:0{n}Z",
            {"copies": ["a", "b"], "files": 1},
            f"uuid-{n}",
        )
        for n in range(3)
    ]
    assert [step.text.sv for step in tell(told)] == ["3 arkivpaket lagrade i två kopior och lästa tillbaka"]


def test_stored_is_told_before_accepted_even_within_one_second() -> None:
    at = "2026-11-24T08:00:00Z"
    kinds = ("delivery.accepted", "package.indexed", "package.stored", "delivery.passed")
    steps = tell([Told(f"se.samarkiv.{kind}.v1", at, {}) for kind in kinds])
    assert [step.kind.split(".")[3] for step in steps] == ["passed", "stored", "accepted", "indexed"]


def test_every_event_of_a_journey_has_a_sentence() -> None:
    silent = {"se.samarkiv.registry.changed.v1"}
    for row in heard_by("access"):
        if row.event.type not in silent:
            assert tell([Told(row.event.type, "2026-11-24T08:00:00Z", {})]), row.event.type


@pytest.mark.parametrize("state", ["received", "checking", "held", "passed"])
def test_what_is_to_come_is_never_told_as_done(state: str) -> None:
    assert {step.tone for step in expected(state)} == {"next"}
    assert not any(step.at for step in expected(state))


def test_a_test_delivery_expects_no_storage() -> None:
    assert all("odkänd" not in step.text.sv for step in expected("checking", test=True))
