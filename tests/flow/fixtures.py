"""An embedded archive with the demo's members and agreements, on a free port."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from samarkiv_ingest.usecases.parts import Parts
from samarkiv_runtime.settings import Settings, load_settings

from samarkiv.app import Archive
from samarkiv.client import Client
from samarkiv.demo import agreements, load, members
from samarkiv.serve import Running


def set_up(parts: Parts) -> None:
    """Make the two members and agreements that the story needs."""
    wanted = [one for one in agreements.AGREEMENTS if one.reference in {"DEMO-TOLERANT", "KVA-KS-2026-1"}]
    slugs = {one.member for one in wanted}
    load.agreements(parts, load.members(parts, [one for one in members.MEMBERS if one.slug in slugs]), wanted)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home", port=0, _env_file=None)


@pytest.fixture
def archive(settings: Settings) -> Iterator[Archive]:
    with Running(settings) as running:
        ingest = running.services["ingest"]
        set_up(ingest.parts)  # type: ignore[attr-defined]
        yield running


@pytest.fixture
def client(settings: Settings, archive: Archive) -> Client:
    return Client(settings)


@pytest.fixture
def public(settings: Settings, archive: Archive) -> Client:
    return Client(settings, signed=False)
