"""A lease in the database without a wall clock: taken over when its beat stood still on the watcher's own clock."""

import uuid
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.tables import LEASE
from samarkiv_runtime.ports import Clock


class Lease:
    """One holder at a time does what `name` says. A stopped process loses it, which a session lock would not do."""

    def __init__(self, database: Database, clock: Clock, name: str, lease_s: float) -> None:
        self._database = database
        self._clock = clock
        self._name = name
        self._lease_s = lease_s
        self._holder = uuid.uuid4().hex
        self._held = False
        self._acted = -1e9
        self._seen: tuple[str, int] | None = None
        self._since = 0.0

    def hold(self) -> bool:
        """Return whether this process holds the lease; beats or watches at most every eighth of its length."""
        now = self._clock.monotonic()
        if now - self._acted < self._lease_s / 8:
            return self._held
        self._acted = now
        self._held = self._beat() if self._held else self._watch(now)
        return self._held

    def _beat(self) -> bool:
        mine = (LEASE.c.name == self._name, LEASE.c.holder == self._holder)
        with self._database.write() as tx:
            return tx.execute(update(LEASE).where(*mine).values(beat=LEASE.c.beat + 1)).rowcount == 1

    def _watch(self, now: float) -> bool:
        with self._database.read() as tx:
            row = tx.execute(select(LEASE.c.holder, LEASE.c.beat).where(LEASE.c.name == self._name)).first()
        if row is None:
            return self._found()
        if (row.holder, row.beat) != self._seen:
            self._seen, self._since = (row.holder, row.beat), now
        if row.holder and now - self._since < self._lease_s:
            return False
        same = (LEASE.c.name == self._name, LEASE.c.holder == row.holder, LEASE.c.beat == row.beat)
        with self._database.write() as tx:
            taken = tx.execute(update(LEASE).where(*same).values(holder=self._holder, beat=LEASE.c.beat + 1))
            return taken.rowcount == 1

    def _found(self) -> bool:
        dialect: Any = sqlite if self._database.dialect == "sqlite" else postgresql
        new = dialect.insert(LEASE).values(name=self._name, holder=self._holder, beat=0)
        with self._database.write() as tx:
            made = tx.execute(new.on_conflict_do_nothing(index_elements=["name"]).returning(LEASE.c.name))
            return made.first() is not None

    def let_go(self) -> None:
        """Give the lease up, so that another takes it at once."""
        if self._held:
            self._held = False
            mine = (LEASE.c.name == self._name, LEASE.c.holder == self._holder)
            with self._database.write() as tx:
                tx.execute(update(LEASE).where(*mine).values(holder="", beat=LEASE.c.beat + 1))


def let_all_go(database: Database) -> None:
    """Free every lease. Only for who knows that no holder lives (embedded start)."""
    with database.write() as tx:
        tx.execute(update(LEASE).values(holder=""))
