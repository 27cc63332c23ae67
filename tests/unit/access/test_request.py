"""Asking for records without saying who one is."""

import pytest
from samarkiv_access.usecases.request import ask_for, follow, hashed, new_code, plain_code
from samarkiv_contracts.problems import InvalidInput, NotFound
from samarkiv_runtime.clock import CountedIds, FixedClock, RandomIds

from tests.unit.access.fakes import Caller, Room
from tests.unit.access.shelf import an_id, described, record
from tests.unit.access.test_hear import FILES, stored


def asked(room: Room, **more: str) -> str:
    values = {"record": "", "text": "Bygglov för Tallen 3:14", "tenant": ""}
    return ask_for(room.database, Caller(), FixedClock(), CountedIds(), **{**values, **more})


def test_a_request_is_followed_by_its_code_however_it_is_typed(room: Room) -> None:
    code = asked(room)
    for typed in (code, code.lower(), code.replace("-", ""), f" {code} "):
        assert follow(room.database, Caller(), typed).text == "Bygglov för Tallen 3:14"


def test_a_code_has_over_128_bits_and_no_letters_that_look_alike() -> None:
    codes = {new_code(RandomIds()) for _ in range(50)}
    assert len(codes) == 50
    for code in codes:
        assert len(plain_code(code)) == 28
        assert not set(code) & set("01IOU")


@pytest.mark.parametrize("code", ["", "x", "A" * 28, "2" * 28, "../../etc"])
def test_a_wrong_code_is_absent(room: Room, code: str) -> None:
    asked(room)
    with pytest.raises(NotFound):
        follow(room.database, Caller(), code)


def test_only_the_hash_of_a_code_is_kept(room: Room) -> None:
    code = asked(room)
    with room.database.read() as tx:
        rows = tx.exec_driver_sql("SELECT * FROM access_request").mappings().all()
    assert plain_code(code) not in str(rows)
    assert rows[0]["code_hash"] == hashed(code)


def test_a_request_for_a_record_names_its_tenant(room: Room) -> None:
    room.shelf.put(described("asked", files=3), [record("asked", level=1)], FILES)
    room.hear(stored("asked"))
    code = asked(room, record=an_id("rec", "asked"), text="")
    assert follow(room.database, Caller(), code).record == an_id("rec", "asked")


def test_a_hidden_record_cannot_be_asked_for_by_its_id(room: Room) -> None:
    room.shelf.put(described("closed"), [record("closed", level=2)], FILES)
    room.hear(stored("closed"))
    for key in (an_id("rec", "closed"), an_id("rec", "never")):
        with pytest.raises(NotFound):
            asked(room, record=key)


def test_an_empty_request_says_what_is_missing(room: Room) -> None:
    with pytest.raises(InvalidInput) as wrong:
        asked(room, text="  ")
    assert wrong.value.findings[0].place == "text"
