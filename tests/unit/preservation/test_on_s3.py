"""The same on real S3 stores: build, migrate, damage, repair, rebuild; what lies there is judged after a plain download."""

import os
import uuid
from pathlib import Path

import pytest
from samarkiv_contracts.problems import Unavailable
from samarkiv_preservation.locks import only_writer
from samarkiv_preservation.packages.ocfl_writer import prepare_root
from samarkiv_preservation.usecases.fixity import verify
from samarkiv_preservation.usecases.rebuild import canonical_dump, restore_packages
from samarkiv_preservation.usecases.registry import archive, newest
from samarkiv_runtime.database import Database
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.objects.s3 import S3Store

from tests.unit.preservation import judges
from tests.unit.preservation.desk import Desk, desk_of
from tests.unit.preservation.test_build import stored
from tests.unit.preservation.test_registry import TENANT, document
from tests.unit.preservation.test_versions import FILES, hear_stored

pytestmark = pytest.mark.engines


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    copies = {}
    for name in ("a", "b"):
        copies[name] = S3Store(
            os.environ[f"SAMARKIV_S3_{name.upper()}_URL"],
            os.environ["SAMARKIV_S3_ACCESS_KEY"],
            os.environ["SAMARKIV_S3_SECRET_KEY"],
            f"preservation-{name}-{uuid.uuid4().hex[:12]}",
        )
        copies[name].prepare()
        prepare_root(copies[name])
    return desk_of(tmp_path, dict(copies))


def downloaded(copy: S3Store, folder: Path) -> FolderStore:
    for found in copy.list(""):
        path = folder / found.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(copy.read(found.key)))
    return FolderStore(folder)


def test_a_package_lives_and_is_mended_on_s3(desk: Desk, tmp_path: Path) -> None:
    (package,) = stored(desk, [FILES])
    hear_stored(desk, package)
    copies = desk.kit.site.copies
    for name, copy in copies.items():
        here = downloaded(copy, tmp_path / f"down-{name}")  # type: ignore[arg-type]
        judges.root_says_valid(here)
        judges.schema_valid(judges.unzipped(here, package, tmp_path / name, ("v1", "v2")))
        assert judges.originals(here, package) == FILES
    key = f"{judges.object_root(package)}/v1/content/v1.zip"
    broken = bytearray(b"".join(copies["b"].read(key)))
    broken[1000] ^= 1
    copies["b"].replace(key, bytes(broken))
    verdict = verify(desk.kit, package, deep=True)
    assert verdict.repaired == (("b", "a"),)
    assert verify(desk.kit, package).clean
    before = list(canonical_dump(desk.kit))
    new = desk_of(tmp_path / "new", dict(copies))
    assert len(list(restore_packages(new.kit, "b")[1])) == 1
    assert list(canonical_dump(new.kit)) == before


def test_the_registry_is_archived_on_s3(desk: Desk) -> None:
    for version in (1, 2):
        archive(desk.kit, TENANT, document(version))
    assert newest(desk.kit, TENANT).document["version"] == 2


def test_one_writer_holds_over_processes_on_postgresql() -> None:
    one, two = (Database.open(os.environ["SAMARKIV_DATABASE_URL"]) for _ in range(2))
    try:
        name = uuid.uuid4().hex
        with only_writer(one, name), pytest.raises(Unavailable), only_writer(two, name, 0.1):
            pass
        with only_writer(two, name):
            pass
    finally:
        one.close()
        two.close()
