"""A migrated SQLite file for unit tests of the worker and its neighbours."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import samarkiv_runtime
from samarkiv_runtime.database import Database, migrate
from sqlalchemy import event

VERSIONS = Path(samarkiv_runtime.__file__).parent / "migrations" / "versions"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database.open(f"sqlite:///{tmp_path}/archive.sqlite")
    event.listen(
        made.engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF")
    )
    migrate(made, [("runtime", VERSIONS)])
    yield made
    made.close()
