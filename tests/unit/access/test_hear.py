"""What access makes of events: rows that follow the package's own description, in any order of arrival."""

from typing import Any

from samarkiv_access.store import reads, sums
from samarkiv_contracts.events.fixity import FixityChecked, FixityFailed, FixityRepaired
from samarkiv_contracts.events.index import PackageIndexed
from samarkiv_contracts.events.package import (
    PackageMigrated,
    PackageRestricted,
    PackageStored,
    PackageUpdated,
)
from samarkiv_contracts.events.registry import RegistryChanged

from tests.unit.access.fakes import Room
from tests.unit.access.shelf import AGREEMENT, BOARD, TENANT, an_id, described, record

FILES = {"a.txt": b"aaa", "b.txt": b"bb", "mapp/åäö.txt": b"c"}


def stored(name: str, copies: tuple[str, ...] = ("a", "b")) -> PackageStored:
    return PackageStored(
        package=an_id("uuid", name),
        delivery=an_id("dlv", name),
        version=1,
        copies=copies,
        sha512="0" * 128,
        files=3,
        bytes=6,
    )


def put(room: Room, name: str = "p", **more: Any) -> None:
    room.shelf.put(described(name, files=3), [record(name, **more)], FILES)
    room.hear(stored(name))


def files(room: Room, name: str = "p") -> list[tuple[int, str, int]]:
    with room.database.read() as tx:
        held = reads.held(tx, an_id("rec", name))
        assert held is not None
        return [(one.n, one.path, one.level) for one in reads.files_of(tx, held)]


def test_a_stored_package_becomes_a_record_with_its_files(room: Room) -> None:
    put(room, title="Titel", dates={"decided": "2009-06-11"})
    with room.database.read() as tx:
        held = reads.held(tx, an_id("rec", "p"))
        year = sums.totals(tx)
    assert held is not None
    assert (held.said.title, held.place.tenant_name, held.place.copies) == ("Titel", "Lindhamra", ("a", "b"))
    assert year == (1, 1, 2009, 2009)
    assert files(room) == [(1, "a.txt", 0), (2, "b.txt", 0), (3, "mapp/åäö.txt", 0)]


def test_the_same_event_twice_changes_nothing(room: Room) -> None:
    put(room)
    before = files(room)
    room.hear(stored("p"), key="e1")
    assert files(room) == before
    with room.database.read() as tx:
        assert len(reads.story(tx, package=an_id("uuid", "p"))) == 1


def test_a_record_that_names_its_files_has_them_in_its_own_order(room: Room) -> None:
    put(room, files=("b.txt", "a.txt"), file_levels={"a.txt": 1})
    assert files(room) == [(1, "b.txt", 0), (2, "a.txt", 1)]


def test_a_raise_hides_the_package_its_records_and_files(room: Room) -> None:
    put(room)
    room.hear(PackageRestricted(package=an_id("uuid", "p"), version=2, level=2))
    with room.database.read() as tx:
        held = reads.held(tx, an_id("rec", "p"))
        assert sums.totals(tx)[0] == 0
    assert held is not None
    assert held.level == 2
    assert {level for _n, _path, level in files(room)} == {2}


def test_a_raise_is_not_undone_by_reading_an_older_description(room: Room) -> None:
    put(room)
    room.hear(PackageRestricted(package=an_id("uuid", "p"), version=2, level=1))
    room.hear(PackageUpdated(package=an_id("uuid", "p"), version=2, change="rebuilt"))
    with room.database.read() as tx:
        held = reads.held(tx, an_id("rec", "p"))
    assert held is not None
    assert held.level == 1
    assert {level for _n, _path, level in files(room)} == {1}


def test_indexed_before_stored_is_remembered(room: Room) -> None:
    room.hear(PackageIndexed(package=an_id("uuid", "p"), version=1, coverage="text", records=1))
    put(room)
    with room.database.read() as tx:
        found = reads.story(tx, delivery=an_id("dlv", "p"))
    assert {row.type.split(".")[3] for row in found} == {"indexed", "stored"}


def test_a_rebuilt_package_is_read_without_having_been_stored_here(room: Room) -> None:
    room.shelf.put(described("p", files=3), [record("p")], FILES)
    room.hear(PackageUpdated(package=an_id("uuid", "p"), version=1, change="rebuilt"))
    assert len(files(room)) == 3


def test_fixity_is_kept_by_copy_and_a_later_outcome_wins(room: Room) -> None:
    put(room)
    package = an_id("uuid", "p")
    room.hear(FixityFailed(package=package, copy_name="b", outcome="bad", codes=("digest",)), minutes=1)
    with room.database.read() as tx:
        assert [(row.copy_name, row.outcome) for row in reads.fixity_of(tx, package)] == [
            ("a", "ok"),
            ("b", "bad"),
        ]
    room.hear(FixityRepaired(package=package, copy_name="b", source_copy="a"), minutes=2)
    room.hear(FixityChecked(package=package, copies=("a", "b"), outcome="ok"), minutes=3)
    with room.database.read() as tx:
        assert {row.outcome for row in reads.fixity_of(tx, package)} == {"ok"}
        assert {row.at for row in reads.fixity_of(tx, package)} == {"2026-11-24T08:03:00Z"}


def test_a_bad_copy_heard_before_stored_stays_bad(room: Room) -> None:
    package = an_id("uuid", "p")
    room.hear(FixityFailed(package=package, copy_name="b", outcome="could_not_check", codes=()), minutes=5)
    put(room)
    with room.database.read() as tx:
        outcomes = {row.copy_name: row.outcome for row in reads.fixity_of(tx, package)}
    assert outcomes == {"a": "ok", "b": "could_not_check"}


def test_a_migration_is_counted(room: Room) -> None:
    put(room)
    room.hear(
        PackageMigrated(
            package=an_id("uuid", "p"),
            version=2,
            representation="pdfa",
            migrated=4,
            needs_review=1,
            could_not=2,
        )
    )
    with room.database.read() as tx:
        row = sums.migrations(tx, None)[0]
    assert (row.version, row.migrated, row.needs_review, row.could_not) == (2, 4, 1, 2)


def test_the_registry_gives_names_and_an_older_version_changes_nothing(room: Room) -> None:
    def document(name: str, version: int) -> dict[str, Any]:
        return {
            "tenant": {"id": TENANT, "name": name, "slug": "lindhamra", "population": 148000},
            "authorities": [{"id": BOARD, "name": "Byggnadsnämnden", "kind": "nämnd"}],
            "agreements": [
                {
                    "id": AGREEMENT,
                    "reference": "LÖ-14",
                    "version": 3,
                    "title": "Bygglov",
                    "state": "active",
                    "authority": BOARD,
                }
            ],
            "version": version,
        }

    changed = RegistryChanged(tenant=TENANT, noun="tenant", id=TENANT, version=2, sha256="0" * 64)
    for name, version in (("Lindhamra kommun", 2), ("Gammalt namn", 1)):
        room.registry.documents[TENANT] = document(name, version)
        room.hear(changed)
    with room.database.read() as tx:
        assert [(row.name, row.population) for row in sums.tenants(tx)] == [("Lindhamra kommun", 148000)]
        assert reads.authority_of(tx, AGREEMENT) == BOARD


def test_every_event_that_access_hears_has_a_handler() -> None:
    from samarkiv_access.usecases.hear import Hearing
    from samarkiv_access.worker import handlers
    from samarkiv_contracts.catalogue import heard_by

    table = handlers(Hearing.__new__(Hearing))
    assert set(table) == {row.event for row in heard_by("access")}
