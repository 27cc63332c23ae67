"""What becomes of work that cannot be done now: retried later, parked with its bytes, or the line is stopped."""

import json
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from samarkiv_contracts.problems import Fenced, NotFound, Problem
from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.rows import lane_lock, promote
from samarkiv_runtime.eventlog.tables import JOB, LINE
from samarkiv_runtime.eventlog.wake import Wake
from samarkiv_runtime.ports import Clock, Ids, Job

Verdict = Literal["retry", "parked", "stopped"]
GROWTH = 4
FRAMES = 4


@dataclass(frozen=True)
class ParkedJob:
    """A parked job: why, since when, and the original bytes. `age_s` counts from when the event was claimed."""

    n: int
    consumer: str
    topic: str
    key: str
    type: str
    source: str
    id: str
    tenant: str
    code: str
    reason: str
    attempts: int
    deaths: int
    fence: int
    partition: int
    offset: int
    age_s: float
    headers: dict[str, str]
    body: bytes


Hook = Callable[[Connection, ParkedJob], None]


def reason_of(error: BaseException) -> tuple[str, str]:
    """Return the code and a reason without any of the error's own text, which may quote content."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    told = getattr(error, "safe_reason", "")
    if isinstance(error, Problem) and told:
        return error.stable_code, f"{error.title.en}: {told}"
    place = " ← ".join(
        f"{Path(frame.filename).stem}:{frame.lineno} {frame.name}" for frame in reversed(frames)
    )
    if isinstance(error, Problem):
        return error.stable_code, f"{error.title.en} ({type(error).__name__}{', ' if place else ''}{place})"
    return "unexpected", f"{type(error).__name__}{': ' if place else ''}{place}"


class Parking:
    """Failing, parking, retrying, dropping; the counts of a consumer's jobs."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        ids: Ids,
        *,
        attempts: int,
        stop_after: int,
        probe_s: float,
        first_retry_s: float,
        longest_retry_s: float,
    ) -> None:
        self.database = database
        self.clock = clock
        self.stop_after = stop_after
        self.probe_s = probe_s
        self.wake = Wake()
        self._ids = ids
        self._attempts = attempts
        self._first_retry_s = first_retry_s
        self._longest_retry_s = longest_retry_s
        self._hooks: dict[str, Hook] = {}
        # A due time beyond the longest pause can only come from a clock that has jumped: such a job is woken as well.
        self.beyond_s = 2 * max(longest_retry_s, probe_s)
        database.after_write(self.wake.ended)

    def when_parked(self, consumer: str, hook: Hook) -> None:
        """Call `hook(tx, parked)` in the transaction that parks a job of `consumer` (to tell the parked event)."""
        self._hooks[consumer] = hook

    def tell_parked(self, tx: Connection, parked: ParkedJob) -> None:
        """Call the hook of the job's consumer."""
        hook = self._hooks.get(parked.consumer)
        if hook is not None:
            hook(tx, parked)

    # ------------------------------------------------------------------ fail

    def fail(self, job: Job, error: BaseException, *, at_once: bool = False) -> Verdict:
        """Note a failed attempt: retried with growing pauses, parked after the last one (or `at_once`).

        A stopped line parks nothing more: the job waits and the attempt is not counted. Raises Fenced, and changes
        nothing, when another worker has taken over.
        """
        code, reason = reason_of(error)
        with self.database.write() as tx:
            self.database.lock(tx, [lane_lock(job.consumer, job.lane)])
            mine = (JOB.c.n == job.n, JOB.c.fence == job.fence, JOB.c.state == "running")
            row = tx.execute(select(JOB.c.attempts).where(*mine)).first()
            if row is None:
                raise Fenced
            tried = row.attempts + 1
            values: dict[str, Any] = {"code": code, "reason": reason}
            run = tx.scalar(select(LINE.c.run).where(LINE.c.consumer == job.consumer)) or 0
            # What a producer wrote wrongly says nothing of our own health, and must not stop the others' work.
            theirs = at_once and job.topic.startswith("producer.")
            verdict: Verdict
            if run >= self.stop_after and not theirs:
                verdict = "stopped"
                values |= {"state": "later", "due": self._now() + self.probe_s}
            elif at_once or tried >= self._attempts:
                verdict = "parked"
                values |= {"state": "parked", "attempts": tried}
            else:
                verdict = "retry"
                values |= {"state": "later", "attempts": tried, "due": self._now() + self._pause(tried)}
            tx.execute(update(JOB).where(*mine).values(**values))
            if verdict == "parked":
                if not theirs:
                    self._count_parked(tx, job.consumer)
                self.tell_parked(tx, self.row(tx, job.n))
            promote(self.database, tx, job.consumer, [job.lane])
            self.wake.mark(job.consumer)
        return verdict

    def _count_parked(self, tx: Connection, consumer: str) -> None:
        dialect: Any = sqlite if self.database.dialect == "sqlite" else postgresql
        insert = dialect.insert(LINE).values(consumer=consumer, run=1)
        tx.execute(insert.on_conflict_do_update(index_elements=["consumer"], set_={"run": LINE.c.run + 1}))

    def _now(self) -> float:
        return self.clock.now().timestamp()

    def _pause(self, tried: int) -> float:
        jitter = 0.75 + (self._ids.uuid4().int % 1000) / 2000
        grown: float = self._first_retry_s * float(GROWTH) ** min(tried - 1, 20)
        return min(grown, self._longest_retry_s) * jitter

    # ------------------------------------------------------------------ the operator's acts

    def retry_parked(self, n: int) -> bool:
        """Give a parked job a new set of attempts, in its place in its lane; False when it is not parked."""
        values = {"state": "waiting", "attempts": 0, "deaths": 0, "code": "", "reason": ""}
        return self._resolve(n, values)

    def drop_parked(self, n: int, reason: str) -> bool:
        """Give up a parked job for a stated reason, which frees what waits behind it; False when it is not parked."""
        values = {"state": "done", "code": "dropped", "reason": reason, "headers": "", "body": b""}
        return self._resolve(n, values)

    def _resolve(self, n: int, values: dict[str, Any]) -> bool:
        with self.database.write() as tx:
            row = tx.execute(select(JOB.c.consumer, JOB.c.lane).where(JOB.c.n == n)).first()
            if row is None:
                return False
            self.database.lock(tx, [lane_lock(row.consumer, row.lane)])
            parked = (JOB.c.n == n, JOB.c.state == "parked")
            if tx.execute(update(JOB).where(*parked).values(**values)).rowcount != 1:
                return False
            # A person's decision is a probe: a stopped line lets one more failure in before it stops again.
            limit = self.stop_after - 1
            tx.execute(
                update(LINE).where(LINE.c.consumer == row.consumer, LINE.c.run > limit).values(run=limit)
            )
            promote(self.database, tx, row.consumer, [row.lane])
            self.wake.mark(row.consumer)
        return True

    def parked(self, consumer: str | None = None, *, limit: int = 100, after: int = 0) -> list[ParkedJob]:
        """Return parked jobs by number after `after`, of one consumer or of all."""
        query = select(JOB).where(JOB.c.state == "parked", JOB.c.state != "done", JOB.c.n > after)
        if consumer is not None:
            query = query.where(JOB.c.consumer == consumer)
        with self.database.read() as tx:
            return [self._parked(row) for row in tx.execute(query.order_by(JOB.c.n).limit(limit))]

    def show(self, n: int) -> ParkedJob:
        """Return a parked job; raises NotFound when there is no parked job of that number."""
        with self.database.read() as tx:
            row = tx.execute(select(JOB).where(JOB.c.n == n, JOB.c.state == "parked")).first()
        if row is None:
            raise NotFound
        return self._parked(row)

    def row(self, tx: Connection, n: int) -> ParkedJob:
        """Return the job of a number as it stands in `tx`."""
        return self._parked(tx.execute(select(JOB).where(JOB.c.n == n)).one())

    def _parked(self, row: Row[Any]) -> ParkedJob:
        return ParkedJob(
            n=row.n,
            consumer=row.consumer,
            topic=row.topic,
            key=row.key,
            type=row.type,
            source=row.source,
            id=row.id,
            tenant=row.tenant,
            code=row.code,
            reason=row.reason,
            attempts=row.attempts,
            deaths=row.deaths,
            fence=row.fence,
            partition=row.part,
            offset=row.off,
            age_s=max(0.0, self._now() - row.at),
            headers=json.loads(row.headers or "{}"),
            body=row.body,
        )

    def counts(self, consumer: str) -> dict[str, int]:
        """Return how many jobs are waiting, ready, running, later and parked."""
        counts = dict.fromkeys(("waiting", "ready", "running", "later", "parked"), 0)
        query = select(JOB.c.state, func.count()).where(JOB.c.consumer == consumer, JOB.c.state != "done")
        with self.database.read() as tx:
            for state, count in tx.execute(query.group_by(JOB.c.state)):
                counts[state] = count
        return counts

    def stopped(self, consumer: str) -> bool:
        """Return whether the consumer's line is stopped: so many jobs were parked in a row that the fault is ours."""
        with self.database.read() as tx:
            run = tx.scalar(select(LINE.c.run).where(LINE.c.consumer == consumer)) or 0
        return run >= self.stop_after

    def sweep(self, older_than_s: float) -> int:
        """Delete rows of work done long ago. They must outlive any resend or replay, or old events run again."""
        old = (JOB.c.state == "done", JOB.c.at < self._now() - older_than_s)
        with self.database.write() as tx:
            return tx.execute(JOB.delete().where(*old)).rowcount
