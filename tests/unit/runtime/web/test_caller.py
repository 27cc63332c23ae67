"""Obligations: fulfilled before anything is sent, or nothing is sent (POLICY §5)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samarkiv_contracts.problems import (
    Forbidden,
    InvalidInput,
    NotFound,
    NotSignedIn,
    TooManyRequests,
    Unavailable,
)
from samarkiv_runtime.policy import Grant, Resource
from samarkiv_runtime.web import Caller
from samarkiv_runtime.web.pace import Pace

from tests.unit.runtime.web.house import SmallHouse

CLOSED = Resource("file", "rec-1/1", "tnt-1", authority="aut-1", level=2, part="file")
HELD = Resource(
    "delivery", "dlv-1", "tnt-1", authority="aut-1", state="held", part="registry", persons=frozenset()
)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SmallHouse]:
    house = SmallHouse(tmp_path)
    yield house
    house.close()


def caller(house: SmallHouse, *grants: Grant, network: str = "", **more: Any) -> Caller:
    token = house.issuer.issue(house.person(*grants, **more), "ingest") if grants else ""
    identity = house.verifier.identify("ingest", bearer=token)
    return Caller(identity, "sv", "c" * 32, house.context, network)


ARCHIVIST = Grant("archivist", "tnt-1", "aut-1")
PURPOSE = frozenset({"aut-1"})


def test_a_closed_file_goes_out_only_from_a_route_that_fulfils_everything(house: SmallHouse) -> None:
    asked = caller(house, ARCHIVIST, purposes=PURPOSE)
    with pytest.raises(Forbidden) as caught:
        asked.must("file.view", CLOSED)
    assert caught.value.stable_code == "obligation"
    with pytest.raises(Forbidden):
        asked.must("file.view", CLOSED, fulfils={"recheck"})
    assert asked.must("file.view", CLOSED, fulfils={"recheck", "watermark"}).row == "P10"
    assert asked.private
    assert [row.permit for row in house.log.rows] == [False, False, True]


def test_an_hour_has_room_for_a_hundred_closed_records(house: SmallHouse) -> None:
    asked = caller(house, ARCHIVIST, purposes=PURPOSE)
    for _ in range(100):
        asked.must("file.download", CLOSED, fulfils={"recheck"})
    with pytest.raises(TooManyRequests):
        asked.must("file.download", CLOSED, fulfils={"recheck"})
    house.clock.move(3601)
    with pytest.raises(Forbidden) as caught:
        asked.must("file.download", CLOSED, fulfils={"recheck"})
    assert caught.value.stable_code == "login_again"
    assert caller(house, ARCHIVIST, purposes=PURPOSE).must("file.download", CLOSED, fulfils={"recheck"})


def test_breakglass_waits_for_its_alarm(house: SmallHouse) -> None:
    reader = Grant("staff_reader", "tnt-1", "aut-1", frozenset({"bygglov"}))
    asked = caller(house, reader, purposes=PURPOSE)
    record = Resource("record", "rec-1", "tnt-1", authority="aut-1", level=1, record_type="socialakt")
    with pytest.raises(Forbidden) as caught:
        asked.must("record.breakglass", record)
    assert caught.value.stable_code == "obligation"


def test_a_decision_says_why(house: SmallHouse) -> None:
    asked = caller(house, Grant("approver", "tnt-1"))
    with pytest.raises(InvalidInput) as caught:
        asked.must("delivery.approve", HELD, reason="  ")
    assert caught.value.findings[0].code == "reason_required"
    asked.must("delivery.approve", HELD, reason="Komplett enligt överenskommelsen.")
    assert house.log.rows[-1].reason == "Komplett enligt överenskommelsen."


def test_a_right_that_ends_cuts_the_stream(house: SmallHouse) -> None:
    asked = caller(house, ARCHIVIST, purposes=PURPOSE)
    stream = asked.rechecked((b"x" * 65_536 for _ in range(100)), "file.download", CLOSED)
    assert sum(len(next(stream)) for _ in range(16)) == 2**20
    house.clock.move(1)
    house.issuer.revoked["acc-1"] = int(house.clock.now().timestamp() * 1000)
    with pytest.raises(NotSignedIn):
        next(stream)


def test_a_stream_is_cut_when_nobody_can_tell_whether_the_right_holds(house: SmallHouse) -> None:
    asked = caller(house, ARCHIVIST, purposes=PURPOSE)
    house.issuer.silent = True
    house.clock.move(20)
    with pytest.raises(Unavailable):
        list(asked.rechecked((b"x" * 2**20 for _ in range(3)), "file.download", CLOSED))


def test_may_neither_logs_nor_raises(house: SmallHouse) -> None:
    assert not caller(house).may("file.view", CLOSED)
    assert not caller(house, ARCHIVIST).may("file.view", CLOSED)
    assert caller(house, ARCHIVIST, purposes=PURPOSE).may("file.view", CLOSED)
    assert house.log.rows == []


def test_lists_are_logged_once_and_never_for_the_public(house: SmallHouse) -> None:
    assert caller(house).scope("record.find", "public_title").public_only
    assert house.log.rows == []
    assert caller(house, ARCHIVIST).scope("delivery.see").reaches
    assert [(row.action, row.row) for row in house.log.rows] == [("delivery.see", "list")]


def test_a_network_that_hurries_is_slowed_but_never_this_machine() -> None:
    pace = Pace(per_second=10, burst=20)
    for _ in range(20):
        pace.take("203.0.113.7", 0.0)
    with pytest.raises(TooManyRequests) as caught:
        pace.take("203.0.113.7", 0.0)
    assert caught.value.headers["Retry-After"] == "1"
    pace.take("203.0.113.8", 0.0)
    pace.take("203.0.113.7", 0.2)
    for _ in range(1000):
        pace.take("127.0.0.1", 0.0)


def test_the_public_is_slowed_by_the_route(house: SmallHouse) -> None:
    house.context.pace = Pace(per_second=1, burst=2)
    asked = caller(house, network="203.0.113.7")
    opened = Resource("record", "rec-1", "tnt-1", level=0)
    asked.must("record.see", opened)
    asked.must("record.see", opened)
    with pytest.raises(TooManyRequests):
        asked.must("record.see", opened)
    with pytest.raises(NotFound):
        asked.must("record.see", CLOSED)
