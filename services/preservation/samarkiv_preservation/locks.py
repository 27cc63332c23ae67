"""One writer of a package's further versions (or of a registry) at a time, over all processes."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from samarkiv_contracts.problems import Unavailable
from samarkiv_runtime.database import Database
from sqlalchemy import text

_guard = threading.Lock()
_held: set[str] = set()


@contextmanager
def only_writer(database: Database, name: str) -> Iterator[None]:
    """Hold the lock `name`, or raise Unavailable at once when somebody else holds it (the caller tries again later).

    In one process by a set; between processes by PostgreSQL's session-bound transaction lock, which a dead process
    lets go of. SQLite is one process (DESIGN §7: SAMARKIV_HOME/lock).
    """
    key = f"{id(database)}:{name}"
    with _guard:
        if key in _held:
            raise _busy()
        _held.add(key)
    try:
        if database.dialect == "sqlite":
            yield
            return
        with database.engine.begin() as tx:
            number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
            if not tx.execute(text("SELECT pg_try_advisory_xact_lock(:n)"), {"n": number}).scalar_one():
                raise _busy()
            yield
    finally:
        with _guard:
            _held.discard(key)


def _busy() -> Unavailable:
    return Unavailable("Paketet skrivs just nu", "Somebody else is writing this just now")
