"""Levels of records and files: the strictest wins, unknown is closed."""

import pytest
from samarkiv_access.domain.exposure import file_level, leftover_level, levels_of_paths, record_level

from tests.unit.access.shelf import described, record


@pytest.mark.parametrize(
    ("package", "own", "protected", "shown"),
    [
        (0, 0, False, 0),
        (0, 1, False, 1),
        (1, 0, False, 1),
        (2, 0, False, 2),
        (0, 0, True, 2),
        (0, 7, False, 2),
    ],
)
def test_a_record_is_never_opener_than_its_package(
    package: int, own: int, protected: bool, shown: int
) -> None:
    assert record_level(described("p", level=package), record("r", level=own, protected=protected)) == shown


def test_a_file_may_be_stricter_than_its_record_but_never_opener() -> None:
    one = record("r", file_levels={"a": 2, "b": 0})
    assert file_level(1, one, "a") == 2
    assert file_level(1, one, "b") == 1
    assert file_level(1, one, "c") == 1


def test_a_file_of_two_records_has_the_stricter_level() -> None:
    records = [record("open", files=("shared", "own")), record("asked", level=1, files=("shared",))]
    named, rest = levels_of_paths(described("p"), records)
    assert named == {"shared": 1, "own": 0}
    assert rest == 1


def test_what_no_record_names_is_as_closed_as_the_strictest_record() -> None:
    assert leftover_level(described("p"), [0, 2]) == 2
    _named, rest = levels_of_paths(
        described("p"), [record("a", files=("x",)), record("b", level=2, files=("y",))]
    )
    assert rest == 2


def test_a_record_of_every_file_keeps_its_raised_files_apart() -> None:
    named, rest = levels_of_paths(described("p"), [record("r", file_levels={"secret": 2})])
    assert rest == 0
    assert named == {"secret": 2}


def test_an_unknown_file_level_is_closed() -> None:
    assert file_level(0, record("r", file_levels={"a": 9}), "a") == 2
