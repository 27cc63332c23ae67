"""One database by SQLAlchemy Core: SQLite embedded, PostgreSQL distributed. Transactions, key locks, migrations."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text

MIGRATE_LOCK = "samarkiv.migrate"


class Database:
    """Transactions on one engine. Writers are serial on SQLite (BEGIN IMMEDIATE); readers never wait."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.dialect = engine.dialect.name
        self._after: list[Callable[[], None]] = []
        self._writing = threading.Lock()

    @classmethod
    def open(cls, url: str) -> "Database":
        """Open the database at a SQLAlchemy address; nothing is created but the SQLite file's folder.

        Errors never quote parameters: they may hold personal data and end in logs.
        """
        if url.startswith("sqlite"):
            path = url.split(":///", 1)[1]
            if path:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(url, pool_size=16, max_overflow=32, pool_timeout=60, hide_parameters=True)
            event.listen(engine, "connect", _sqlite_connect)
            event.listen(engine, "begin", _sqlite_begin)
        else:
            engine = create_engine(
                url, pool_size=12, max_overflow=24, pool_pre_ping=True, hide_parameters=True
            )
            event.listen(engine, "connect", _postgres_connect)
        return cls(engine)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a transaction that writes: committed at the end, rolled back on any error. Waiters are woken after it ended."""
        if self.dialect == "sqlite":
            # One writer a process waits here, fairly, instead of spinning on the file lock.
            with self._writing, self.engine.begin() as tx:
                yield tx
        else:
            with self.engine.begin() as tx:
                yield tx
        for wake in self._after:
            wake()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a snapshot to read from; it never takes the write lock."""
        with (
            self.engine.connect().execution_options(samarkiv_read_only=True) as connection,
            connection.begin(),
        ):
            yield connection

    def lock(self, tx: Connection, names: Iterable[str]) -> None:
        """Take transaction locks on names in sorted order; nothing to do on SQLite, whose writers are serial."""
        wanted = sorted(set(names))
        if self.dialect == "sqlite" or not wanted:
            return
        # One statement for hundreds of names; unnest gives them in the array's order.
        locks = "SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(CAST(:names AS text[])) AS wanted(name)"
        tx.execute(text(locks), {"names": wanted})

    def after_write(self, wake: Callable[[], None]) -> None:
        """Call `wake` after every write transaction of this process has ended."""
        self._after.append(wake)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def _sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout=30000",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-16000",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Connection) -> None:
    read_only = connection.get_execution_options().get("samarkiv_read_only")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _postgres_connect(connection: Any, _record: Any) -> None:
    """A commit must outlive the server's death whatever its default says; a stricter default is left alone."""
    cursor = connection.cursor()
    cursor.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )
    cursor.close()
    connection.commit()


def migrate(database: Database, branches: Sequence[tuple[str, Path]]) -> None:
    """Bring every branch (name, versions folder) to its head; several processes may call it at the same time.

    Each branch has its own version table `<name>_alembic_version` (BONES).
    """
    from alembic import command
    from alembic.config import Config

    for name, folder in branches:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.set_main_option("path_separator", "newline")
        config.set_main_option("version_locations", str(folder))
        config.attributes.update(engine=database.engine, version_table=f"{name}_alembic_version")
        command.upgrade(config, f"{name}@head")
