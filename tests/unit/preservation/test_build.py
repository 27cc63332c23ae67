"""A handover becomes two valid copies: judged by ocfl-py, schemas, zipfile and standard tools."""

import json
from pathlib import Path

import pytest
from samarkiv_contracts.events.package import PackageStored
from samarkiv_contracts.problems import Unavailable, Unexpected
from samarkiv_preservation import store
from samarkiv_preservation.usecases.build import build

from tests.unit.preservation import judges
from tests.unit.preservation.deliveries import AWKWARD, hand_over
from tests.unit.preservation.desk import Desk, desk_of, job_of, passed


def stored(desk: Desk, packages: list[dict[str, bytes]], **how: object) -> list[str]:
    handover, digest = hand_over(desk.kit.staging, packages, **how)  # type: ignore[arg-type]
    event = passed(handover, digest)
    desk.run(build(desk.kit, job_of(event), event))
    return list(event.packages)


def test_awkward_names_and_empty_things_become_two_valid_equal_copies(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    (package,) = stored(desk, [AWKWARD], empty_folders=("tom mapp/ännu en",))
    for name, copy in desk.kit.site.copies.items():
        judges.ocfl_says_valid(copy, package)
        judges.root_says_valid(copy)
        folder = judges.unzipped(copy, package, tmp_path / f"unzipped-{name}")
        assert judges.schema_valid(folder) == 5
        judges.listed_exactly(folder)
        data = folder / "representations/original/data"
        assert (data / "tom mapp/ännu en").is_dir()
        assert {path: (data / path).read_bytes() for path in AWKWARD} == AWKWARD
        assert judges.originals(copy, package) == AWKWARD
    a, b = desk.kit.site.copies.values()
    assert [(one.key, one.size) for one in a.list("")] == [(one.key, one.size) for one in b.list("")]


def test_the_event_tells_what_lies_in_the_copies(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    (package,) = stored(desk, [{"a.txt": b"1", "b/c.txt": b"22"}])
    assert desk.told.types() == ["package.stored"]
    told = PackageStored.model_validate(desk.told.events[0].event.data)
    assert (told.package, told.version, told.files, told.bytes, told.copies) == (package, 1, 2, 3, ("a", "b"))
    container = judges.object_path(desk.kit.site.copies["b"], package) / "v1/content/v1.zip"
    inventory = json.loads((container.parents[2] / "inventory.json").read_text())
    assert inventory["manifest"][told.sha512] == ["v1/content/v1.zip"]
    with desk.kit.database.read() as tx:
        row = store.find_package(tx, package)
        assert row
        assert (row["files"], row["bytes"], row["head"], row["level"]) == (2, 3, 1, 0)
        assert {one["copy"]: one["outcome"] for one in store.copies(tx, package)} == {"a": "ok", "b": "ok"}


def test_a_delivery_without_files_becomes_a_valid_package(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    (package,) = stored(desk, [{}])
    judges.ocfl_says_valid(desk.kit.site.copies["a"], package)
    folder = judges.unzipped(desk.kit.site.copies["a"], package, tmp_path / "out")
    assert judges.schema_valid(folder) == 5
    assert (folder / "representations/original/data").is_dir()


@pytest.mark.parametrize("interleaved", [False, True])
def test_one_delivery_may_become_many_packages(tmp_path: Path, interleaved: bool) -> None:
    desk = desk_of(tmp_path)
    contents = [{f"a{n}.txt": b"a" * n, f"b{n}.txt": b"b" * n} for n in range(3)]
    packages = stored(desk, contents, interleaved=interleaved)
    assert desk.told.types() == ["package.stored"] * 3
    for package, content in zip(packages, contents, strict=True):
        assert judges.originals(desk.kit.site.copies["b"], package) == content


def test_the_same_handover_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = desk_of(tmp_path / "1"), desk_of(tmp_path / "2")
    (package,) = stored(first, [AWKWARD])
    stored(second, [AWKWARD])
    one = judges.object_path(first.kit.site.copies["a"], package)
    two = judges.object_path(second.kit.site.copies["b"], package)
    for name in ("v1/content/v1.zip", "v1/content/v1.index.jsonl", "inventory.json", "inventory.json.sha512"):
        assert (one / name).read_bytes() == (two / name).read_bytes()


def test_a_second_run_changes_nothing_and_tells_the_same(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    handover, digest = hand_over(desk.kit.staging, [AWKWARD])
    event = passed(handover, digest)
    desk.run(build(desk.kit, job_of(event), event))
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "copies").rglob("*") if path.is_file()}
    desk.run(build(desk.kit, job_of(event), event))
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "copies").rglob("*") if path.is_file()}
    assert before == after
    one, two = desk.told.events
    assert (one.event.id, one.event.data) == (two.event.id, two.event.data)


def test_staged_bytes_that_changed_are_never_stored(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    handover, digest = hand_over(desk.kit.staging, [{"a.txt": b"hello", "b.txt": b"world"}])
    path = desk.kit.staging.local_path(handover.content)
    assert path
    path.write_bytes(path.read_bytes().replace(b"hello", b"hellO"))
    event = passed(handover, digest)
    with pytest.raises(Unavailable):
        build(desk.kit, job_of(event), event)
    assert not [one for one in desk.kit.site.copies["a"].list("") if "uuid-" in one.key]


def test_a_handover_with_another_digest_or_count_is_refused(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    handover, digest = hand_over(desk.kit.staging, [{"a.txt": b"hello"}])
    event = passed(handover, "0" * 64)
    with pytest.raises(Unavailable):
        build(desk.kit, job_of(event), event)
    listing = desk.kit.staging.local_path(handover.files)
    assert listing
    listing.write_bytes(b"")
    event = passed(handover, digest)
    with pytest.raises(Unexpected):
        build(desk.kit, job_of(event), event)
