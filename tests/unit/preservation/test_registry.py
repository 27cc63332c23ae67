"""A tenant's registry is archived in every copy before it counts, once per change, and read back right."""

import contextlib
import json
from pathlib import Path

import pytest
from samarkiv_contracts.events.registry import RegistryChanged
from samarkiv_contracts.problems import InvalidInput, NotFound, Problem
from samarkiv_preservation.packages.ocfl_writer import prepare_root
from samarkiv_preservation.usecases.fixity import verify_registry
from samarkiv_preservation.usecases.registry import all_newest, archive, newest, note_changed
from samarkiv_runtime.objects.folder import FolderStore

from tests.unit.preservation import judges
from tests.unit.preservation.deliveries import Crash, Failing, make_id
from tests.unit.preservation.desk import desk_of, job_of

TENANT = make_id("tnt", "lindhamra")
CHANGES = 12


def document(version: int) -> bytes:
    return json.dumps({"tenant": {"id": TENANT, "name": "Lindhamra"}, "version": version}).encode()


def test_versions_are_archived_once_and_read_back(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    with pytest.raises(NotFound):
        newest(desk.kit, TENANT)
    assert archive(desk.kit, TENANT, document(1)).version == 1
    assert archive(desk.kit, TENANT, document(2)).version == 2
    assert archive(desk.kit, TENANT, document(2)).version == 2
    assert archive(desk.kit, TENANT, document(1)).version == 3
    assert newest(desk.kit, TENANT).body == document(1)
    for copy in desk.kit.site.copies.values():
        judges.ocfl_says_valid(copy, f"registry-{TENANT}")
        judges.root_says_valid(copy)


def test_another_tenants_document_is_refused(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    for body in (b"{}", b"[", json.dumps({"tenant": "tnt-x"}).encode()):
        with pytest.raises(InvalidInput):
            archive(desk.kit, TENANT, body)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(CHANGES))
def test_a_change_that_dies_anywhere_is_settled_by_the_next(tmp_path: Path, at: int, after: bool) -> None:
    stores = {name: FolderStore(tmp_path / "copies" / name) for name in ("a", "b")}
    for store in stores.values():
        prepare_root(store)
    desk = desk_of(tmp_path, dict(stores))
    archive(desk.kit, TENANT, document(1))
    log: list[str] = []
    dying = desk_of(
        tmp_path / "2", {name: Failing(store, log, at, after=after) for name, store in stores.items()}
    )
    with contextlib.suppress(Crash, Problem):
        archive(dying.kit, TENANT, document(2))
    assert newest(desk.kit, TENANT).body in {document(1), document(2)}
    archive(desk.kit, TENANT, document(3))
    assert newest(desk.kit, TENANT).body == document(3)
    for store in stores.values():
        judges.ocfl_says_valid(store, f"registry-{TENANT}")


def test_the_list_follows_the_event(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    archived = archive(desk.kit, TENANT, document(7))
    assert all_newest(desk.kit) == []
    event = RegistryChanged(tenant=TENANT, noun="tenant", id=TENANT, version=7, sha256=archived.sha256)
    desk.run(note_changed(desk.kit, job_of(event), event))
    assert [one.document["version"] for one in all_newest(desk.kit)] == [7]


def test_a_damaged_registry_is_found_and_mended(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    for version in (1, 2):
        archive(desk.kit, TENANT, document(version))
    for copy, part in (("b", "v2/content/registry.json"), ("a", "v1/inventory.json")):
        path = judges.object_path(desk.kit.site.copies[copy], f"registry-{TENANT}") / part
        path.write_bytes(path.read_bytes()[:-2])
        verdict = verify_registry(desk.kit, TENANT)
        assert [one for one, _ in verdict.repaired] == [copy]
        assert verify_registry(desk.kit, TENANT).clean
        judges.ocfl_says_valid(desk.kit.site.copies[copy], f"registry-{TENANT}")
    assert newest(desk.kit, TENANT).body == document(2)
