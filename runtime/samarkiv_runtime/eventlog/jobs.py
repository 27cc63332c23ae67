"""Durable jobs on both dialects (EVENTS.md): claim, take, beat, finish, fail, reap.

States: waiting → ready → running → done | later | parked. A lane (the event's key) has one ready or running job at
most, so its order holds. A lease uses no wall clock: who watches notes (fence, beat) and takes over when both stood
still for a lease on its own monotonic clock.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from samarkiv_contracts.problems import Fenced
from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects import postgresql, sqlite

from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.parking import Parking
from samarkiv_runtime.eventlog.rows import Hearing, job_of, lane_lock, named_lanes, promote, row_of
from samarkiv_runtime.eventlog.statement import Statement
from samarkiv_runtime.eventlog.tables import JOB
from samarkiv_runtime.ports import Clock, Ids, Job, LogRecord

_READY = "SELECT n, tenant FROM job WHERE consumer = :consumer AND state = 'ready' AND size <= :max AND "
_UNLOCKED = "| FOR UPDATE SKIP LOCKED"
# Round robin: the next tenant after the one served last, then from the beginning; small work first.
_NEXT = _READY + "tenant > :last ORDER BY tenant, size, n LIMIT 1{lock}"
_AGAIN = _READY + "tenant <= :last ORDER BY tenant, size, n LIMIT 1{lock}"
_OLDEST = _READY + ":last = :last ORDER BY n LIMIT 1{lock}"
_LOOK = {
    name: [Statement(sql, lock="|") for sql in given]
    for name, given in (("turn", (_NEXT, _AGAIN)), ("oldest", (_OLDEST,)))
}
_LOCK = {
    name: [Statement(sql, lock=_UNLOCKED) for sql in given]
    for name, given in (("turn", (_NEXT, _AGAIN)), ("oldest", (_OLDEST,)))
}
_RUN = Statement("SELECT run FROM line WHERE consumer = :consumer")
_TAKE = Statement(
    "UPDATE job SET state = 'running', fence = fence + 1, beat = beat + 1 WHERE n = :n AND state = 'ready' RETURNING *"
)
_BEAT = Statement("UPDATE job SET beat = beat + 1 WHERE n = :n AND fence = :fence AND state = 'running'")
_FINISH = Statement(
    "UPDATE job SET state = 'done', headers = '', body = :nothing, code = '', reason = ''"
    " WHERE n = :n AND fence = :fence AND state = 'running'"
)
_SUCCESS = Statement("UPDATE line SET run = 0 WHERE consumer = :consumer AND run > 0")
_DUE = Statement(
    "SELECT n, lane, due FROM job WHERE consumer = :consumer AND state = 'later' AND (due <= :now OR due > :beyond)"
)
_ORPHANS = Statement(
    "SELECT n, lane, fence, beat, deaths, consumer FROM job WHERE state = 'running' AND state <> 'done'"
)
_RUNNING = Statement(
    "SELECT n, lane, fence, beat, deaths FROM job"
    " WHERE consumer = :consumer AND state = 'running' AND state <> 'done'"
)
_ANY = 2**62
CALM_DEATHS = 2  # so many deaths are taken for the fault of others
LONGEST_CALM_S = 60.0  # a job that died more often waits no longer than this


@dataclass
class Seen:
    """What a watcher noted of a running job, and when on its own monotonic clock."""

    fence: int
    beat: int
    since: float


class Jobs(Parking):
    """The jobs of all consumers of one database. `lease_s`: a job whose beat stands still this long is taken over."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ids: Ids,
        lease_s: float = 30.0,
        *,
        attempts: int = 8,
        deaths: int = 8,
        stop_after: int = 20,
        probe_s: float = 30.0,
        first_retry_s: float = 0.2,
        longest_retry_s: float = 300.0,
    ) -> None:
        super().__init__(
            database,
            clock,
            ids,
            attempts=attempts,
            stop_after=stop_after,
            probe_s=probe_s,
            first_retry_s=first_retry_s,
            longest_retry_s=longest_retry_s,
        )
        self.lease_s = lease_s
        self._deaths = deaths
        self._served: dict[str, str] = {}
        self._probed: dict[str, float] = {}
        self._watched: dict[str, dict[int, Seen]] = {}
        self._watching = threading.Lock()

    # ------------------------------------------------------------------ claim

    def claim(self, tx: Connection, consumer: str, records: Sequence[LogRecord], hearing: Hearing) -> None:
        """Write inbox rows for the records in `tx`; a record claimed before changes nothing."""
        at = self.clock.now().timestamp()
        made = (row_of(consumer, record, hearing, at) for record in records)
        rows = [row for row in made if row is not None]
        if not rows:
            return
        lanes = named_lanes(rows)
        self.database.lock(tx, [lane_lock(consumer, lane) for lane in lanes])
        dialect: Any = sqlite if self.database.dialect == "sqlite" else postgresql
        insert = dialect.insert(JOB).on_conflict_do_nothing(index_elements=["consumer", "source", "id"])
        start = 0
        for end in range(1, len(rows) + 1):
            # Runs of plain rows go in by one statement; a parked row alone, since we must know whether it is new.
            if end == len(rows) or rows[end]["state"] == "parked" or rows[end - 1]["state"] == "parked":
                self._insert(tx, insert, rows[start:end])
                start = end
        promote(self.database, tx, consumer, lanes)
        self.wake.mark(consumer)

    def _insert(self, tx: Connection, insert: Any, rows: list[dict[str, Any]]) -> None:
        if rows[0]["state"] != "parked":
            tx.execute(insert, rows)
            return
        found = tx.execute(insert.values(rows[0]).returning(JOB.c.n)).first()
        if found is not None:
            self.tell_parked(tx, self.row(tx, found.n))

    def ready_known(self, consumer: str, hearing: Hearing) -> int:
        """Ready the parked events whose type this code has come to know; returns how many."""
        with self.database.write() as tx:
            parked = (JOB.c.consumer == consumer, JOB.c.state == "parked", JOB.c.code == "unknown_type")
            rows = tx.execute(select(JOB.c.n, JOB.c.lane, JOB.c.type).where(*parked)).all()
            known = [row for row in rows if row.type in hearing.known]
            self.database.lock(tx, [lane_lock(consumer, row.lane) for row in known])
            for row in known:
                heard = row.type in hearing.heard
                values = (
                    {"state": "waiting", "urgent": int(row.type in hearing.urgent)}
                    if heard
                    else {"state": "done", "body": b""}
                )
                tx.execute(update(JOB).where(JOB.c.n == row.n).values(code="", reason="", **values))
            promote(self.database, tx, consumer, {row.lane for row in known})
            self.wake.mark(consumer)
        return len(known)

    # ------------------------------------------------------------------ take, beat, finish

    def take(self, consumer: str, max_size: int | None = None, oldest: bool = False) -> Job | None:
        """Take the next ready job: tenants in turn, small work first (or the oldest of all); its fence is raised.

        Returns None when nothing is ready, or when the line is stopped and no probe is due. An idle look takes no
        write lock.
        """
        now = self.clock.monotonic()
        with self.database.read() as tx:
            run = _RUN.run(tx, {"consumer": consumer}).scalar() or 0
            stopped = run >= self.stop_after
            if not stopped:
                self._probed.pop(consumer, None)
            elif now - self._probed.setdefault(consumer, now) < self.probe_s:
                return None
            order = "oldest" if oldest or stopped else "turn"
            found = self._candidate(tx, _LOOK[order], consumer, max_size)
        if found is None:
            return None
        with self.database.write() as tx:
            # Who looked first may have been overtaken: choose again, among what nobody holds.
            row = self._take(tx, found.n) if self.database.dialect == "sqlite" else None
            if row is None:
                again = self._candidate(tx, _LOCK[order], consumer, max_size)
                row = self._take(tx, again.n) if again is not None else None
        if row is None:
            return None
        self._served[consumer] = row.tenant
        if stopped:
            self._probed[consumer] = now
        return job_of(row)

    def _take(self, tx: Connection, n: int) -> Row[Any] | None:
        return _TAKE.run(tx, {"n": n}).first()

    def _candidate(
        self, tx: Connection, choices: list[Statement], consumer: str, max_size: int | None
    ) -> Row[Any] | None:
        limit = _ANY if max_size is None else max_size
        given = {"consumer": consumer, "last": self._served.get(consumer, ""), "max": limit}
        for choice in choices:
            found = choice.run(tx, given).first()
            if found is not None:
                return found
        return None

    def beat(self, job: Job) -> bool:
        """Say that the job is alive; False means that it was taken over."""
        with self.database.write() as tx:
            return _BEAT.run(tx, {"n": job.n, "fence": job.fence}).rowcount == 1

    def finish(self, tx: Connection, job: Job) -> None:
        """End the job in `tx`, as its first statement; raises Fenced when another has taken over."""
        self.database.lock(tx, [lane_lock(job.consumer, job.lane)])
        if _FINISH.run(tx, {"n": job.n, "fence": job.fence, "nothing": b""}).rowcount != 1:
            raise Fenced
        _SUCCESS.run(tx, {"consumer": job.consumer})
        promote(self.database, tx, job.consumer, [job.lane])
        self.wake.mark(job.consumer)

    def give_back(self, job: Job) -> bool:
        """Put unfinished work back for another worker (a graceful stop); False when it was no longer ours."""
        return self._release(job.consumer, job.lane, (*_mine(job),), {"state": "waiting"})

    def _release(self, consumer: str, lane: str, condition: tuple[Any, ...], values: dict[str, Any]) -> bool:
        with self.database.write() as tx:
            self.database.lock(tx, [lane_lock(consumer, lane)])
            if tx.execute(update(JOB).where(*condition).values(**values)).rowcount != 1:
                return False
            if values["state"] == "parked":
                n = tx.scalar(select(JOB.c.n).where(condition[0]))
                self.tell_parked(tx, self.row(tx, int(n or 0)))
            promote(self.database, tx, consumer, [lane])
            self.wake.mark(consumer)
        return True

    # ------------------------------------------------------------------ reap

    def reap(self, consumer: str) -> int:
        """Put silent jobs back and wake due retries; returns how many. Call it often; it takes no lock when idle."""
        now, at = self.clock.monotonic(), self.clock.now().timestamp()
        with self.database.read() as tx:
            running = _RUNNING.run(tx, {"consumer": consumer}).all()
            due = _DUE.run(tx, {"consumer": consumer, "now": at, "beyond": at + self.beyond_s}).all()
        silent = self._silent(consumer, running, now)
        count = sum(self._take_over(consumer, row) for row in silent)
        for row in due:
            condition = (JOB.c.n == row.n, JOB.c.state == "later", JOB.c.due == row.due)
            count += self._release(consumer, row.lane, condition, {"state": "waiting", "due": 0.0})
        return count

    def take_back(self) -> int:
        """Put every running job back at once; returns how many. Only for who knows that no worker lives (embedded start)."""
        with self.database.read() as tx:
            orphans = _ORPHANS.run(tx, {}).all()
        return sum(self._take_over(row.consumer, row) for row in orphans)

    def _silent(self, consumer: str, running: Sequence[Any], now: float) -> list[Any]:
        with self._watching:
            before = self._watched.get(consumer, {})
            after: dict[int, Seen] = {}
            silent = []
            for row in running:
                seen = before.get(row.n)
                if seen is None or (seen.fence, seen.beat) != (row.fence, row.beat):
                    seen = Seen(row.fence, row.beat, now)
                after[row.n] = seen
                if now - seen.since >= self.lease_s:
                    silent.append(row)
            self._watched[consumer] = after
        return silent

    def _take_over(self, consumer: str, row: Row[Any]) -> bool:
        condition = (
            JOB.c.n == row.n,
            JOB.c.state == "running",
            JOB.c.fence == row.fence,
            JOB.c.beat == row.beat,
        )
        # Deaths are counted apart from failed attempts: kills of the whole process would park innocent jobs. From the
        # third on the job waits longer each time: a guilty one lets the others work, an innocent one dies no more.
        deaths = row.deaths + 1
        values: dict[str, Any] = {"state": "waiting", "deaths": deaths}
        if deaths >= self._deaths:
            reason = f"the worker died or fell silent {deaths} times while it ran this"
            values |= {"state": "parked", "code": "worker_died", "reason": reason}
        elif deaths > CALM_DEATHS:
            pause = min(self._pause(deaths - CALM_DEATHS + 1), LONGEST_CALM_S)
            values |= {"state": "later", "due": self._now() + pause}
        return self._release(consumer, row.lane, condition, values)


def _mine(job: Job) -> tuple[Any, ...]:
    return (JOB.c.n == job.n, JOB.c.fence == job.fence, JOB.c.state == "running")
