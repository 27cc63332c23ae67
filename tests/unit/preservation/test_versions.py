"""Further versions: derivatives, migrations and restrictions; every version valid, v1 untouched, nothing done twice."""

import json
from pathlib import Path

import pytest
from samarkiv_contracts.events.package import PackageMigrated, PackageRestricted
from samarkiv_contracts.problems import Conflict, Problem
from samarkiv_preservation import store
from samarkiv_preservation.packages.ocfl_writer import prepare_root
from samarkiv_preservation.usecases.build import stored_event
from samarkiv_preservation.usecases.catchup import noted
from samarkiv_preservation.usecases.derive import derive_and_migrate
from samarkiv_preservation.usecases.fixity import verify
from samarkiv_preservation.usecases.restrict import restrict
from samarkiv_runtime.objects.folder import FolderStore

from tests.unit.preservation import judges
from tests.unit.preservation.deliveries import Crash, Failing, make_id
from tests.unit.preservation.desk import Desk, desk_of, job_of
from tests.unit.preservation.test_build import stored

FILES = {
    "Ärende 1/beslut å.docx": b"plausible text",
    "a.docx": b"proved",
    "b.docx": b"needs_review",
    "c.docx": b"could_not",
    "d.docx": b"failed",
    "e.docx": b"already",
    "f.txt": b"kills its worker",
    "g.txt": b"Lindhamra",
    "h.pdf": b"%PDF-1.4 handling",
    "tom.docx": b"",
}
CHANGES = 12  # as version 1, but for the declaration


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_of(tmp_path)


@pytest.fixture
def package(desk: Desk) -> str:
    (package,) = stored(desk, [FILES])
    desk.told.events.clear()
    return package


def hear_stored(desk: Desk, package: str) -> None:
    copies = desk.kit.site.copies
    first = noted(desk.kit.reader, next(iter(copies.values())), tuple(copies), package, 1).stored
    event = stored_event(first, make_id("dlv", "1"))
    effect = derive_and_migrate(desk.kit, job_of(event), event)
    if effect:
        desk.run(effect)


def test_text_and_pictures_lie_outside_the_copies(desk: Desk, package: str) -> None:
    hear_stored(desk, package)
    derived = desk.kit.derivatives
    lines = b"".join(derived.read(f"{package}/1/text.jsonl")).decode().splitlines()
    texts = {one["path"]: (one["text"], one["outcome"]) for one in map(json.loads, lines)}
    assert texts["g.txt"] == ("Lindhamra", "done")
    assert texts["f.txt"] == ("", "could_not")
    assert set(texts) == set(FILES)
    pictures = [
        json.loads(line) for line in b"".join(derived.read(f"{package}/1/pictures.jsonl")).splitlines()
    ]
    assert [(one["kind"], one["offset"], one["length"]) for one in pictures] == [
        ("thumbnail", 0, 4),
        ("page", 4, 4),
    ]
    assert b"".join(derived.read(f"{package}/1/pictures.bin")) == b"WEBPPAGE"
    with desk.kit.database.read() as tx:
        (row,) = store.derivatives(tx, package)
    assert (row["files"], row["texts"], row["thumbnails"], row["could_not"]) == (10, 8, 1, 1)


def test_a_migration_is_a_version_that_every_judge_accepts(desk: Desk, package: str, tmp_path: Path) -> None:
    before = {
        path.name: path.read_bytes()
        for path in (judges.object_path(desk.kit.site.copies["a"], package) / "v1/content").iterdir()
    }
    hear_stored(desk, package)
    for name, copy in desk.kit.site.copies.items():
        judges.ocfl_says_valid(copy, package)
        folder = judges.unzipped(copy, package, tmp_path / name, ("v1", "v2"))
        assert judges.schema_valid(folder) == 8
        judges.listed_exactly(folder)
        made = folder / "representations/pdfa-1/data"
        assert {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()} == {
            "Ärende 1/beslut å.docx.pdf",
            "a.docx.pdf",
        }
        content = judges.object_path(copy, package) / "v1/content"
        assert {path.name: path.read_bytes() for path in content.iterdir()} == before
    premis = (folder / "representations/pdfa-1/metadata/preservation/premis.xml").read_text(encoding="utf-8")
    assert "plausible 1, needs review 1, could not 1, failed 1; already in the format 1" in premis
    assert "ID-original-1</relatedObjectIdentifierValue>" in premis
    history = (folder / "metadata/preservation/premis-v2.xml").read_text(encoding="utf-8")
    assert history.count("<event>") == 3 + 1 + 3
    assert desk.told.types() == ["package.updated", "package.migrated"]
    told = PackageMigrated.model_validate(desk.told.events[1].event.data)
    assert (told.version, told.representation) == (2, "pdfa-1")
    assert (told.migrated, told.needs_review, told.could_not) == (2, 1, 2)
    with desk.kit.database.read() as tx:
        rows = {row["source"]: (row["outcome"], row["target"]) for row in store.migrations(tx, package)}
        assert [row["kind"] for row in store.versions(tx, package)] == ["ingest", "migration"]
    assert rows["b.docx"] == ("needs_review", "")
    assert rows["a.docx"] == ("proved", "a.docx.pdf")
    assert "e.docx" not in rows
    assert verify(desk.kit, package, deep=True).clean


def test_hearing_it_again_migrates_nothing_twice(desk: Desk, package: str) -> None:
    hear_stored(desk, package)
    hear_stored(desk, package)
    assert not (judges.object_path(desk.kit.site.copies["a"], package) / "v3").exists()


def test_no_output_that_passed_means_no_version_but_visible_outcomes(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    (package,) = stored(desk, [{"a.docx": b"could_not"}])
    hear_stored(desk, package)
    assert not (judges.object_path(desk.kit.site.copies["a"], package) / "v2").exists()
    assert PackageMigrated.model_validate(desk.told.events[-1].event.data).could_not == 1
    with desk.kit.database.read() as tx:
        (row,) = store.migrations(tx, package)
    assert (row["outcome"], row["version"]) == ("could_not", 0)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(CHANGES))
def test_a_migration_killed_at_a_change_and_run_again_is_one_version(
    tmp_path: Path, at: int, after: bool
) -> None:
    stores = {name: FolderStore(tmp_path / "copies" / name) for name in ("a", "b")}
    for one in stores.values():
        prepare_root(one)
    desk = desk_of(tmp_path, dict(stores))
    (package,) = stored(desk, [{"a.docx": b"proved", "b.docx": b"plausible"}])
    log: list[str] = []
    copies = desk.kit.site.copies
    copies.update({name: Failing(one, log, at, after=after) for name, one in stores.items()})  # type: ignore[attr-defined]
    with pytest.raises((Crash, Problem)):
        hear_stored(desk, package)
    copies.update(stores)  # type: ignore[attr-defined]
    hear_stored(desk, package)
    for one in stores.values():
        judges.ocfl_says_valid(one, package)
        assert not (judges.object_path(one, package) / "v3").exists()
    with desk.kit.database.read() as tx:
        assert [row["n"] for row in store.versions(tx, package)] == [1, 2]
        assert len(store.migrations(tx, package)) == 2
    assert verify(desk.kit, package).clean


def test_a_raised_level_is_a_new_description_in_every_copy(desk: Desk, package: str, tmp_path: Path) -> None:
    hear_stored(desk, package)
    person = make_id("prs", "anna")
    assert restrict(desk.kit, package, 2, person, "Sekretess upptäckt") == 3
    assert restrict(desk.kit, package, 2, person, "igen") == 3
    with pytest.raises(Conflict):
        restrict(desk.kit, package, 1, person, "öppna")
    told = PackageRestricted.model_validate(desk.told.events[-1].event.data)
    assert (told.level, told.version) == (2, 3)
    for name, copy in desk.kit.site.copies.items():
        judges.ocfl_says_valid(copy, package)
        folder = judges.unzipped(copy, package, tmp_path / name, ("v1", "v2", "v3"))
        judges.schema_valid(folder)
        judges.listed_exactly(folder)
    description, records = desk.kit.reader.description(package)
    assert description.level == 2
    assert len(list(records)) == 1
    with desk.kit.database.read() as tx:
        row = store.find_package(tx, package)
        assert row
        assert (row["level"], row["head"]) == (2, 3)
