"""One writer of a package's further versions (or of a registry) at a time, over all processes."""

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from samarkiv_contracts.problems import Unavailable
from samarkiv_runtime.database import Database
from sqlalchemy import text

_freed = threading.Condition()
_held: set[str] = set()


@contextmanager
def only_writer(database: Database, name: str, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock `name`; raises Unavailable when somebody else still holds it after `wait_s` seconds.

    In one process by a set; between processes by PostgreSQL's transaction lock, which a dead process lets go of.
    SQLite is one process (DESIGN §7: SAMARKIV_HOME/lock).
    """
    key, until = f"{id(database)}:{name}", time.monotonic() + wait_s
    with _freed:
        while key in _held:
            if not _freed.wait(max(0.0, until - time.monotonic())):
                raise _busy()
        _held.add(key)
    try:
        if database.dialect == "sqlite":
            yield
            return
        with database.engine.begin() as tx:
            number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
            ask = text("SELECT pg_try_advisory_xact_lock(:n)")
            while not tx.execute(ask, {"n": number}).scalar_one():
                if time.monotonic() >= until:
                    raise _busy()
                time.sleep(0.05)
            yield
    finally:
        with _freed:
            _held.discard(key)
            _freed.notify_all()


def _busy() -> Unavailable:
    return Unavailable("Det skrivs just nu av någon annan", "Somebody else is writing this just now")
