"""The object ports over plain folders."""

from pathlib import Path

import pytest
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.objects.uploads import FolderUploads

from tests.conformance.objects.object_store import ObjectStoreSuite
from tests.conformance.objects.upload_store import UploadStoreSuite


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "root")


@pytest.fixture
def uploads(store: FolderStore) -> FolderUploads:
    return FolderUploads(store)


@pytest.fixture
def replica(tmp_path: Path) -> FolderUploads:
    return FolderUploads(FolderStore(tmp_path / "root"))


class TestFolderStore(ObjectStoreSuite):
    pass


class TestFolderUploads(UploadStoreSuite):
    pass
