"""One house per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.access.identity.house import IdentityHouse


@pytest.fixture
def house(tmp_path: Path) -> Iterator[IdentityHouse]:
    house = IdentityHouse(tmp_path)
    yield house
    house.close()
