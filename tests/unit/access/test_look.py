"""What a caller sees of a record: hidden answers as absent, and only the fields of its level (POLICY §§2, 7)."""

from typing import Any

import pytest
from samarkiv_access.usecases import look
from samarkiv_contracts.problems import Forbidden, NotFound

from tests.unit.access.fakes import ARCHIVIST, Caller, Room
from tests.unit.access.shelf import an_id, described, record
from tests.unit.access.test_hear import FILES, stored


def put(room: Room, name: str, level: int, **more: Any) -> str:
    one = record(name, level=level, **more)
    room.shelf.put(described(name, files=3), [one], FILES)
    room.hear(stored(name))
    return one.id


def test_an_open_record_shows_its_metadata_and_files_to_everyone(room: Room) -> None:
    key = put(room, "open", 0, title="Bygglov", places=("TALLEN 3:14",), parties=("Anna Testsson",))
    seen = look.see_record(room.database, Caller(), key)
    doc = look.told(seen, look.sums(room.database, Caller(), seen))
    assert doc["places"] == ["TALLEN 3:14"]
    assert doc["files"]["count"] == 3
    assert "parties" not in doc


def test_an_open_record_with_a_public_title_hides_its_own(room: Room) -> None:
    key = put(room, "open", 0, title="Bygglov Anna Testsson", public_title="Bygglov, Tallen 3:14")
    seen = look.see_record(room.database, Caller(), key)
    assert "Anna" not in str(look.told(seen, None))


def test_a_record_on_request_shows_the_public_title_fields_only(room: Room) -> None:
    key = put(
        room,
        "asked",
        1,
        title="Slutbetyg Anna",
        public_title="Slutbetyg 1987",
        places=("X",),
        description="hemligt",
    )
    seen = look.see_record(room.database, Caller(), key)
    doc = look.told(seen, None)
    assert set(doc) == {
        "id",
        "title",
        "record_type",
        "registry_no",
        "series",
        "dates",
        "level",
        "tenant",
        "authority",
    }
    assert doc["title"] == "Slutbetyg 1987"


def test_a_record_on_request_without_public_title_is_called_by_its_type(room: Room) -> None:
    key = put(room, "asked", 1, title="Slutbetyg Anna", record_type="Slutbetyg")
    assert look.see_record(room.database, Caller(), key).title == "Slutbetyg"


@pytest.mark.parametrize("n", [1, 3, 99])
def test_every_file_number_of_a_record_on_request_answers_alike(room: Room, n: int) -> None:
    key = put(room, "asked", 1)
    with pytest.raises(Forbidden) as refused:
        look.see_file(room.database, Caller(), key, n)
    assert refused.value.stable_code == "on_request"


def test_a_closed_record_is_absent(room: Room) -> None:
    key = put(room, "closed", 2)
    for ask in (look.see_record, lambda *args: look.see_file(*args, 1)):
        with pytest.raises(NotFound):
            ask(room.database, Caller(), key)
        with pytest.raises(NotFound):
            ask(room.database, Caller(), an_id("rec", "never"))


def test_a_file_stricter_than_its_record_is_told_by_number_only(room: Room) -> None:
    key = put(room, "open", 0, file_levels={"b.txt": 1, "mapp/åäö.txt": 2})
    seen = look.see_record(room.database, Caller(), key)
    found, more = look.see_files(room.database, Caller(), seen)
    assert [(row.n, allowed) for row, allowed in found] == [(1, True), (2, False)]
    assert more == 0
    with pytest.raises(Forbidden):
        look.see_file(room.database, Caller(), key, 2)
    with pytest.raises(NotFound):
        look.see_file(room.database, Caller(), key, 3)
    assert look.sums(room.database, Caller(), seen) == (1, 3)


def test_an_archivist_of_the_board_sees_the_records_on_request(room: Room) -> None:
    key = put(room, "asked", 1, title="Slutbetyg Anna", parties=("Anna Testsson",))
    seen = look.see_record(room.database, Caller(ARCHIVIST), key)
    doc = look.told(seen, None)
    assert doc["title"] == "Slutbetyg Anna"
    assert doc["parties"] == ["Anna Testsson"]


def test_files_are_paged_by_number(room: Room) -> None:
    key = put(room, "open", 0)
    seen = look.see_record(room.database, Caller(), key)
    first, after = look.see_files(room.database, Caller(), seen, 0, 2)
    second, end = look.see_files(room.database, Caller(), seen, after, 2)
    assert [row.n for row, _allowed in [*first, *second]] == [1, 2, 3]
    assert (after, end) == (2, 0)
