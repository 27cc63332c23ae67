"""An embedded archive with the demo's members and agreements, on a free port."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from samarkiv_runtime.settings import Settings, load_settings

from samarkiv.app import Archive
from samarkiv.client import Client
from samarkiv.demo import load
from samarkiv.serve import Running


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home", port=0, _env_file=None)


@pytest.fixture
def archive(settings: Settings) -> Iterator[Archive]:
    with Running(settings) as running:
        ingest = running.services["ingest"]
        load.agreements(ingest.parts, load.members(ingest.parts))  # type: ignore[attr-defined]
        yield running


@pytest.fixture
def client(settings: Settings, archive: Archive) -> Client:
    return Client(settings)


@pytest.fixture
def public(settings: Settings, archive: Archive) -> Client:
    return Client(settings, signed=False)
