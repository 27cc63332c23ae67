"""The portal's figures: public records only, fresh after every change."""

from samarkiv_access.usecases.count import Counter, figures_told
from samarkiv_contracts.events.package import PackageRestricted

from tests.unit.access.fakes import Room
from tests.unit.access.shelf import an_id, described, record
from tests.unit.access.test_hear import FILES, stored


def put(room: Room, name: str, level: int, year: str = "2009") -> None:
    one = record(name, level=level, record_type="Bygglov", dates={"decided": f"{year}-01-01"})
    room.shelf.put(described(name, files=3), [one], FILES)
    room.hear(stored(name))


def test_closed_records_leave_no_trace(room: Room) -> None:
    put(room, "open", 0)
    before = Counter(room.database).figures()
    put(room, "closed", 2, "1950")
    after = Counter(room.database).figures()
    assert figures_told(before) == figures_told(after)
    assert before.latest[0].id == after.latest[0].id


def test_figures_are_fresh_after_a_raise(room: Room) -> None:
    counter = Counter(room.database)
    put(room, "open", 0)
    assert counter.figures().records == 1
    room.hear(PackageRestricted(package=an_id("uuid", "open"), version=2, level=2))
    assert counter.figures().records == 0


def test_records_are_counted_by_decade_type_and_member(room: Room) -> None:
    put(room, "a", 0, "1974")
    put(room, "b", 1, "1979")
    put(room, "c", 0, "2014")
    figures = Counter(room.database).figures()
    assert figures.decades == ((1970, 2), (2010, 1))
    assert (figures.types[0].name, figures.types[0].records, figures.types[0].first) == ("Bygglov", 3, 1974)
    assert (figures.records, figures.open_records, figures.open_files, figures.copies) == (3, 2, 6, 2)


def test_the_latest_are_open_ones(room: Room) -> None:
    put(room, "asked", 1)
    put(room, "open", 0)
    assert [one.id for one in Counter(room.database).figures().latest] == [an_id("rec", "open")]
