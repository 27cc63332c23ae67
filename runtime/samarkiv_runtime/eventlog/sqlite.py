"""The embedded event log: the outbox *is* the log (EVENTS.md). Positions move in the transaction that claims."""

import json
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.outbox import condition, rows_of, write_rows
from samarkiv_runtime.eventlog.tables import EVENT, PLACE
from samarkiv_runtime.eventlog.wake import Wake
from samarkiv_runtime.failpoints import failpoint
from samarkiv_runtime.ports import Claim, Clock, LogRecord, Outgoing

LOOK_S = 0.1  # how often another process's commit is looked for; commits of this process wake at once
BATCH_BYTES = 8 * 2**20
PASS_OVER = 1000  # others' events passed before the position is moved over them


class SqliteLog:
    """Implements ports.EventLog on one SQLite file."""

    needs_relay = False

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.wake = Wake()
        database.after_write(self.wake.ended)

    def declare(self, topics: Iterable[str]) -> None:
        """Do nothing: a topic is a word in a column."""

    def append(self, tx: Connection, events: Sequence[Outgoing]) -> None:
        """Add events in the caller's transaction; writers are serial, so number order is commit order."""
        if events:
            write_rows(tx, rows_of(events, self._clock))
            self.wake.mark("event")

    def subscribe(self, consumer: str, topics: Sequence[str]) -> "SqliteSubscription":
        """Return the consumer's subscription; patterns new to it start at the first event."""
        return SqliteSubscription(self._database, self.wake, consumer, topics)

    def relay(self) -> int:
        """Return 0: rows need not move."""
        return 0

    def unsent(self) -> int:
        """Return 0: what is written is in the log."""
        return 0

    def trim(self, older_than_s: float) -> int:
        """Drop events that are old and behind every consumer; returns how many."""
        before = self._clock.now().timestamp() - older_than_s
        with self._database.write() as tx:
            slowest = tx.scalar(select(func.min(PLACE.c.n)))
            if slowest is None:
                return 0
            return tx.execute(delete(EVENT).where(EVENT.c.n <= slowest, EVENT.c.at < before)).rowcount

    def forget(self, consumer: str) -> None:
        """Let go of a consumer that will not come back (an old generation), so that it no longer holds the trim."""
        with self._database.write() as tx:
            tx.execute(delete(PLACE).where(PLACE.c.consumer == consumer))

    def close(self) -> None:
        """Wake everyone who waits."""
        self.wake.now("event")


class SqliteSubscription:
    """Implements ports.Subscription. Several members need no election: each looks, then claims and moves at once."""

    def __init__(self, database: Database, wake: Wake, consumer: str, topics: Sequence[str]) -> None:
        self._database = database
        self._wake = wake
        self._consumer = consumer
        self._topics = tuple(sorted(set(topics)))
        self._closed = threading.Event()
        with database.read() as tx:
            new = [pattern for pattern in self._topics if pattern not in self._places(tx)]
        if new:
            rows = [{"consumer": consumer, "pattern": pattern, "n": 0} for pattern in new]
            with database.write() as tx:
                tx.execute(insert(PLACE).on_conflict_do_nothing(), rows)

    def pump(self, claim: Claim, limit: int = 500, wait_s: float = 0.0) -> int:
        """Read, claim and move in one write transaction; waits up to `wait_s` seconds for the first event."""
        if self._look():
            count = self._take(claim, limit)
            if count or wait_s <= 0:
                return count
        if wait_s <= 0:
            return 0
        deadline = time.monotonic() + wait_s
        with self._database.engine.connect() as connection:
            raw: Any = connection.connection.dbapi_connection
            while not self._closed.is_set():
                seen, version = self._wake.seen("event"), _version(raw)
                if self._look():
                    count = self._take(claim, limit)
                    if count:
                        return count
                if not self._wait(raw, seen, version, deadline):
                    return 0
        return 0

    def _wait(self, raw: Any, seen: int, version: int, deadline: float) -> bool:
        """Wait for an append of this process, or for another's commit (data_version); False when time is out."""
        while not self._closed.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            if self._wake.wait("event", seen, min(LOOK_S, left)) or _version(raw) != version:
                return True
        return False

    def _look(self) -> bool:
        """Look under a read transaction: is there an event for us, or a long stretch of others' to pass over?"""
        with self._database.read() as tx:
            places = self._places(tx)
            if tx.execute(self._after(places, 1).with_only_columns(EVENT.c.n)).first() is not None:
                return True
            newest = tx.scalar(select(func.max(EVENT.c.n))) or 0
            return newest - min(places.values(), default=0) > PASS_OVER

    def _places(self, tx: Connection) -> dict[str, int]:
        rows = tx.execute(select(PLACE.c.pattern, PLACE.c.n).where(PLACE.c.consumer == self._consumer))
        return {row.pattern: row.n for row in rows if row.pattern in self._topics}

    def _after(self, places: dict[str, int], limit: int) -> Any:
        groups: dict[int, list[str]] = {}
        for pattern in self._topics:
            groups.setdefault(places.get(pattern, 0), []).append(pattern)
        wanted = or_(*(and_(EVENT.c.n > n, condition(patterns)) for n, patterns in groups.items()))
        floor = min(groups)
        return select(EVENT).where(EVENT.c.n > floor, wanted).order_by(EVENT.c.n).limit(limit)

    def _take(self, claim: Claim, limit: int) -> int:
        with self._database.write() as tx:
            places = self._places(tx)
            newest = tx.scalar(select(func.max(EVENT.c.n))) or 0
            records: list[LogRecord] = []
            size = 0
            with tx.execution_options(yield_per=50).execute(self._after(places, limit)) as rows:
                for row in rows:
                    headers = json.loads(row.headers)
                    records.append(LogRecord(row.topic, row.key, headers, row.body, 0, row.n))
                    size += len(row.body)
                    if size > BATCH_BYTES:
                        break
            full = len(records) >= limit or size > BATCH_BYTES
            place = records[-1].offset if full else newest
            if records:
                claim(tx, records)
                failpoint("claimed")
            mine = PLACE.c.consumer == self._consumer
            tx.execute(
                update(PLACE)
                .where(mine, PLACE.c.pattern.in_(self._topics), PLACE.c.n < place)
                .values(n=place)
            )
        failpoint("committed")
        return len(records)

    def rewind(self) -> None:
        """Start again at the first event."""
        with self._database.write() as tx:
            tx.execute(update(PLACE).where(PLACE.c.consumer == self._consumer).values(n=0))
        self._wake.now("event")

    def lag(self) -> int:
        """Return how many events wait for this consumer."""
        with self._database.read() as tx:
            waiting = self._after(self._places(tx), -1).with_only_columns(EVENT.c.n).order_by(None).subquery()
            return int(tx.scalar(select(func.count()).select_from(waiting)) or 0)

    def close(self) -> None:
        """Leave; a running wait ends."""
        self._closed.set()
        self._wake.now("event")


def _version(raw: Any) -> int:
    return int(raw.execute("PRAGMA data_version").fetchone()[0])
