"""A build that dies at any change of a store, or meets a store that does not answer, ends as exactly one valid version."""

from pathlib import Path

import pytest
from samarkiv_contracts.problems import Problem
from samarkiv_preservation.packages.ocfl_writer import prepare_root
from samarkiv_preservation.usecases.build import build
from samarkiv_runtime.objects.folder import FolderStore

from tests.unit.preservation import judges
from tests.unit.preservation.deliveries import Crash, Failing, hand_over
from tests.unit.preservation.desk import desk_of, job_of, passed

FILES = {"a.txt": b"hello", "Ö/b.txt": b"world"}
CHANGES = 14  # 7 changes a copy: container, index, namaste, sidecar, inventory, root inventory, root sidecar


def folders(tmp_path: Path) -> dict[str, FolderStore]:
    stores = {name: FolderStore(tmp_path / "copies" / name) for name in ("a", "b")}
    for store in stores.values():
        prepare_root(store)
    return stores


def test_a_build_makes_a_constant_number_of_changes(tmp_path: Path) -> None:
    log: list[str] = []
    desk = desk_of(tmp_path, {name: Failing(store, log) for name, store in folders(tmp_path).items()})
    handover, digest = hand_over(desk.kit.staging, [FILES])
    event = passed(handover, digest)
    build(desk.kit, job_of(event), event)
    assert len(log) == CHANGES


@pytest.mark.parametrize(
    ("after", "quiet"),
    [(False, False), (True, False), (False, True)],
    ids=["killed-before", "killed-after", "no-answer"],
)
@pytest.mark.parametrize("at", range(CHANGES))
def test_killed_at_a_change_and_run_again(tmp_path: Path, at: int, after: bool, quiet: bool) -> None:
    stores, log = folders(tmp_path), []
    failing = {name: Failing(store, log, at, after=after, quiet=quiet) for name, store in stores.items()}
    desk = desk_of(tmp_path, failing)
    handover, digest = hand_over(desk.kit.staging, [FILES])
    event = passed(handover, digest)
    with pytest.raises((Crash, Problem)):
        build(desk.kit, job_of(event), event)
    assert not desk.told.events
    again = desk_of(tmp_path, dict(stores))
    again.run(build(again.kit, job_of(event), event))
    (package,) = event.packages
    for store in stores.values():
        judges.root_says_valid(store)
        judges.ocfl_says_valid(store, package)
        assert judges.originals(store, package) == FILES
        assert not (judges.object_path(store, package) / "v2").exists()
    assert again.told.types() == ["package.stored"]


def test_leftovers_of_another_release_are_taken_away_and_built_anew(tmp_path: Path) -> None:
    stores = folders(tmp_path)
    desk = desk_of(tmp_path, dict(stores))
    handover, digest = hand_over(desk.kit.staging, [FILES])
    event = passed(handover, digest)
    (package,) = event.packages
    left = judges.object_path(stores["b"], package) / "v1/content/v1.zip"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"PK of another release")
    with pytest.raises(Problem):
        build(desk.kit, job_of(event), event)
    assert not left.exists()
    desk.run(build(desk.kit, job_of(event), event))
    for store in stores.values():
        judges.ocfl_says_valid(store, package)


def test_bytes_that_a_copy_loses_while_writing_are_never_published(tmp_path: Path) -> None:
    class Forgetful(FolderStore):
        def create(self, key: str):
            writer = super().create(key)
            if key.endswith(".zip"):
                write = writer.write
                writer.write = lambda data: write(bytes(data).replace(b"world", b"w\x00rld"))  # type: ignore[method-assign]
            return writer

    stores = folders(tmp_path)
    desk = desk_of(tmp_path, {"a": stores["a"], "b": Forgetful(stores["b"].root)})
    handover, digest = hand_over(desk.kit.staging, [FILES])
    event = passed(handover, digest)
    with pytest.raises(Problem):
        build(desk.kit, job_of(event), event)
    for store in stores.values():
        assert not [one for one in store.list("") if "uuid-" in one.key]
