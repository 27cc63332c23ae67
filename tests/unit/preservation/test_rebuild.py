"""With the database lost, one copy gives the same rows and tells what the others need."""

import json
from pathlib import Path

import pytest
from samarkiv_contracts.events.registry import RegistryChanged
from samarkiv_contracts.problems import CopyUnreadable, NotFound
from samarkiv_preservation.usecases.rebuild import canonical_dump, restore_packages
from samarkiv_preservation.usecases.registry import archive, note_changed
from samarkiv_preservation.usecases.restrict import restrict

from tests.unit.preservation import judges
from tests.unit.preservation.deliveries import make_id
from tests.unit.preservation.desk import Desk, desk_of, job_of
from tests.unit.preservation.test_build import stored
from tests.unit.preservation.test_versions import FILES, hear_stored

TENANT = make_id("tnt", "lindhamra")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = desk_of(tmp_path)
    packages = stored(desk, [FILES, {"x.txt": b"x"}])
    hear_stored(desk, packages[0])
    restrict(desk.kit, packages[1], 1, make_id("prs", "anna"), "skäl")
    body = json.dumps({"tenant": {"id": TENANT}, "version": 3}).encode()
    event = RegistryChanged(
        tenant=TENANT, noun="tenant", id=TENANT, version=3, sha256=archive(desk.kit, TENANT, body).sha256
    )
    desk.run(note_changed(desk.kit, job_of(event), event))
    return desk


@pytest.mark.parametrize("copy", ["a", "b"])
def test_the_dump_is_the_same_after_the_database_is_lost(desk: Desk, tmp_path: Path, copy: str) -> None:
    before = list(canonical_dump(desk.kit))
    assert len(before) == 2 + 4 + 5 + 1
    new = desk_of(tmp_path / "new", dict(desk.kit.site.copies))
    registries, packages = restore_packages(new.kit, copy)
    assert [one["version"] for one in registries] == [3]
    assert len(list(packages)) == 2
    assert list(canonical_dump(new.kit)) == before
    assert sorted(new.told.types()) == [
        "package.migrated",
        "package.stored",
        "package.stored",
        "package.updated",
        "package.updated",
    ]
    assert {one.event.correlationid for one in new.told.events} == {make_id("dlv", "1")}


def test_a_package_that_the_copy_cannot_give_is_never_left_out_silently(desk: Desk, tmp_path: Path) -> None:
    package = make_id("uuid", "p0")
    index = judges.object_path(desk.kit.site.copies["a"], package) / "v1/content/v1.index.jsonl"
    index.write_bytes(b"")
    new = desk_of(tmp_path / "new", dict(desk.kit.site.copies))
    with pytest.raises(CopyUnreadable):
        list(restore_packages(new.kit, "a")[1])
    with pytest.raises(NotFound):
        restore_packages(new.kit, "c")
    assert len(list(restore_packages(new.kit, "b")[1])) == 2
