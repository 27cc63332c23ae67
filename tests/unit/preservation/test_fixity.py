"""Damage of any kind to one copy is found and mended from the other; damage to all is an alarm, and nothing is written."""

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from samarkiv_contracts.events.fixity import FixityChecked
from samarkiv_contracts.problems import NotFound, Unavailable
from samarkiv_preservation import store
from samarkiv_preservation.locks import only_writer
from samarkiv_preservation.packages.copying import mend
from samarkiv_preservation.usecases.fixity import check_due, verify
from samarkiv_runtime.objects.folder import FolderStore

from tests.unit.preservation import judges
from tests.unit.preservation.deliveries import AWKWARD, make_id
from tests.unit.preservation.desk import Desk, desk_of
from tests.unit.preservation.test_build import stored

SMALL = {path: data for path, data in AWKWARD.items() if len(data) < 1000}
PARTS = (
    "0=ocfl_object_1.1",
    "inventory.json",
    "inventory.json.sha512",
    "v1/inventory.json",
    "v1/inventory.json.sha512",
    "v1/content/v1.zip",
    "v1/content/v1.index.jsonl",
)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    at = random.Random(str(path.name)).randrange(len(data))
    data[at] ^= 1 << at % 8
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def zero(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(min(512, len(data) - len(data) // 2)))


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def remove(path: Path) -> None:
    path.unlink()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_of(tmp_path)


@pytest.fixture
def package(desk: Desk) -> str:
    (package,) = stored(desk, [SMALL])
    desk.told.events.clear()
    return package


def all_bytes(copy: FolderStore) -> dict[str, bytes]:
    return {one.key: b"".join(copy.read(one.key)) for one in copy.list("")}


@pytest.mark.parametrize("damage", [flip, truncate, zero, lengthen, remove])
@pytest.mark.parametrize("part", PARTS)
def test_damage_to_one_copy_is_found_mended_and_told(
    desk: Desk, package: str, part: str, damage: Callable[[Path], None]
) -> None:
    before = all_bytes(desk.kit.site.copies["a"])
    damage(judges.object_path(desk.kit.site.copies["b"], package) / part)
    verdict = verify(desk.kit, package)
    assert not verdict.clean
    assert verdict.outcome == "ok"
    assert verdict.repaired == (("b", "a"),)
    assert desk.told.types() == ["fixity.failed", "fixity.repaired", "fixity.checked"]
    assert all_bytes(desk.kit.site.copies["a"]) == before
    assert all_bytes(desk.kit.site.copies["b"]) == before
    judges.ocfl_says_valid(desk.kit.site.copies["b"], package)
    assert verify(desk.kit, package).clean


@pytest.mark.parametrize("first", ["a", "b"])
def test_an_extra_file_or_a_lost_object_is_found_and_mended(desk: Desk, package: str, first: str) -> None:
    folder = judges.object_path(desk.kit.site.copies[first], package)
    (folder / "v1/content/extra.txt").write_text("?")
    (folder / "v7").mkdir()
    (folder / "v7/lost.bin").write_text("?")
    assert verify(desk.kit, package).repaired
    judges.ocfl_says_valid(desk.kit.site.copies[first], package)
    shutil.rmtree(folder)
    assert verify(desk.kit, package).repaired
    judges.ocfl_says_valid(desk.kit.site.copies[first], package)


def test_a_copy_changed_consistently_is_still_found_by_what_was_remembered(desk: Desk, package: str) -> None:
    folder = judges.object_path(desk.kit.site.copies["a"], package)
    container = folder / "v1/content/v1.zip"
    old = hashlib.sha512(container.read_bytes()).hexdigest()
    container.write_bytes(container.read_bytes().replace(b"hej\n", b"HEJ\n"))
    text = (
        (folder / "inventory.json")
        .read_text()
        .replace(old, hashlib.sha512(container.read_bytes()).hexdigest())
    )
    for place in (folder, folder / "v1"):
        (place / "inventory.json").write_text(text)
        (place / "inventory.json.sha512").write_text(
            f"{hashlib.sha512(text.encode()).hexdigest()} inventory.json\n"
        )
    judges.ocfl_says_valid(desk.kit.site.copies["a"], package)
    verdict = verify(desk.kit, package)
    assert verdict.repaired == (("a", "b"),)
    assert judges.originals(desk.kit.site.copies["a"], package) == SMALL


def test_all_copies_bad_is_an_alarm_and_nothing_is_written(desk: Desk, package: str) -> None:
    for copy in desk.kit.site.copies.values():
        flip(judges.object_path(copy, package) / "v1/content/v1.zip")
    before = [all_bytes(copy) for copy in desk.kit.site.copies.values()]
    verdict = verify(desk.kit, package)
    assert verdict.all_bad
    assert verdict.outcome == "bad"
    assert [all_bytes(copy) for copy in desk.kit.site.copies.values()] == before
    assert desk.told.types() == ["fixity.failed", "fixity.failed", "fixity.checked"]
    assert "all_copies_bad" in desk.told.events[0].event.data["codes"]


def test_a_copy_that_does_not_answer_could_not_be_checked_and_is_asked_again_soon(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    (package,) = stored(desk, [SMALL])

    class Silent(FolderStore):
        def read(self, key: str, offset: int = 0, length: int | None = None):
            raise Unavailable

        def stat(self, key: str):
            raise Unavailable

    copies = desk.kit.site.copies
    copies["b"] = Silent(copies["b"].root)  # type: ignore[index]
    verdict = verify(desk.kit, package)
    assert (verdict.outcome, verdict.all_bad, verdict.repaired) == ("could_not_check", False, ())
    assert FixityChecked.model_validate(desk.told.events[-1].event.data).outcome == "could_not_check"
    with desk.kit.database.read() as tx:
        row = store.find_package(tx, package)
        assert row
        assert row["due_at"] == "2026-11-24T13:00:00Z"


def test_a_repair_is_refused_when_the_source_lost_its_bytes(desk: Desk, package: str) -> None:
    good, bad = desk.kit.site.copies["a"], desk.kit.site.copies["b"]
    root = judges.object_root(package)
    inventory = b"".join(good.read(f"{root}/inventory.json"))
    flip(judges.object_path(good, package) / "v1/content/v1.zip")
    flip(judges.object_path(bad, package) / "v1/content/v1.zip")
    before = all_bytes(bad)
    with pytest.raises(Exception, match="source copy"):
        mend(good, bad, root, inventory)
    assert all_bytes(bad) == before


def test_the_rolling_schedule_takes_what_is_due_and_leaves_what_is_being_written(
    desk: Desk, package: str
) -> None:
    assert check_due(desk.kit) == 0
    desk.clock.move(timedelta(days=31).total_seconds())
    with only_writer(desk.kit.database, f"preservation.package.{package}"):
        assert check_due(desk.kit) == 0
    assert check_due(desk.kit) == 1
    assert check_due(desk.kit) == 0
    with desk.kit.database.read() as tx:
        summary = store.fixity_summary(tx, "2026-12-25T12:00:00Z", "2026-12-25T12:00:00Z")
    assert summary["copies"] == {name: {"ok": 1, "bad": 0, "could_not_check": 0} for name in ("a", "b")}
    assert (summary["packages"], summary["waiting"], summary["overdue"], summary["failures"]) == (1, 0, 0, 0)


def test_an_unknown_package_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        verify(desk.kit, make_id("uuid", "nobody"))


def test_deep_names_members(desk: Desk, package: str) -> None:
    folder = judges.object_path(desk.kit.site.copies["b"], package)
    index = folder / "v1/content/v1.index.jsonl"
    lines = index.read_text(encoding="utf-8").splitlines()
    entry = json.loads(lines[0])
    entry["sha256"] = "0" * 64
    index.write_text("\n".join([json.dumps(entry), *lines[1:]]) + "\n", encoding="utf-8")
    verdict = verify(desk.kit, package, deep=True)
    assert {"member_digest_wrong", "object_digest_wrong"} == set(verdict.found[1].codes)
