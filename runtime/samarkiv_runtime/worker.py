"""The worker loop of a service: one pump, job threads with heartbeats, a reaper, and a relay where the log needs it.

Behaviour is one table, `handlers`: event class → use case. `use_case(job, event)` does the long work outside any
transaction and returns an effect, which then runs in one transaction with the job's end.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from samarkiv_contracts.catalogue import BY_TYPE
from samarkiv_contracts.events import Event
from samarkiv_contracts.problems import Fenced, Problem, UnreadableEvent
from sqlalchemy import Connection

from samarkiv_runtime.clock import RandomIds
from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.jobs import Jobs
from samarkiv_runtime.eventlog.parking import reason_of
from samarkiv_runtime.eventlog.rows import Hearing
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.failpoints import failpoint
from samarkiv_runtime.ports import Clock, Effect, EventLog, Health, Ids, Job, LogRecord, Subscription

Handler = Callable[[Job, Any], Effect | None]
POLL_S = 0.25
HOUR_S = 3600


@dataclass(frozen=True)
class Progress:
    """How far a running job has come."""

    job: int
    correlation: str
    what: str
    done: int
    total: int


@dataclass
class Running:
    """A job in a thread of this process. A lost one must not write: another worker may have it."""

    job: Job
    since: float
    lost: bool = False
    progress: Progress | None = None


class Worker:
    """Runs the use cases of one consumer, `<service>` or `<service>.g<generation>`."""

    def __init__(
        self,
        service: str,
        generation: int,
        log: EventLog,
        jobs: Jobs,
        database: Database,
        clock: Clock,
        handlers: Mapping[type[Event], Handler],
        threads: int = 2,
        topics: Sequence[str] | None = None,
        *,
        ids: Ids | None = None,
        job_limit_s: float = 6 * 3600,
        small_bytes: int = 64 * 2**20,
    ) -> None:
        self.service = service
        self.consumer = service if generation <= 1 else f"{service}.g{generation}"
        self._log = log
        self._jobs = jobs
        self._database = database
        self._clock = clock
        self._handlers = {event.type: (event, handler) for event, handler in handlers.items()}
        self._threads = max(1, threads)
        self._job_limit_s = job_limit_s
        self._small_bytes = small_bytes
        self.topics = (
            tuple(topics) if topics is not None else tuple(sorted({BY_TYPE[t].topic for t in self._handlers}))
        )
        known = {kind: row.topic for kind, row in BY_TYPE.items()}
        self._hearing = Hearing(
            heard={kind: known[kind] for kind in self._handlers},
            known=known,
            urgent=frozenset(kind for kind, row in BY_TYPE.items() if row.event.urgent),
        )
        self._logger = logging.getLogger(f"samarkiv.{service}")
        self._stopping = threading.Event()
        self._alive: list[threading.Thread] = []
        self._running: dict[int, Running] = {}
        self._guard = threading.Lock()
        self._subscription: Subscription | None = None
        # A Kafka consumer belongs to the pump's thread; SQLite answers anyone.
        self._remote = bool(getattr(log, "needs_relay", False))
        self._lag: int | None = None
        self._lag_at = -1.0
        self._quiet: float | None = None
        self._pumped = clock.monotonic()
        jobs.when_parked(self.consumer, Teller(log, clock, ids or RandomIds(), service).tell_parked)

    # ------------------------------------------------------------------ start and stop

    def start(self) -> None:
        """Subscribe and start the threads; the tables exist already."""
        self._stopping.clear()
        known = self._jobs.ready_known(self.consumer, self._hearing)
        if known:
            self._logger.info("parked events that this release knows", extra={"event": "worker.known"})
        self._thread("pump", self._pump)
        self._thread("reap", self._reap)
        self._thread("beat", self._beat)
        for number in range(self._threads):
            self._thread(f"job-{number}", self._work, number)
        if self._remote:
            self._thread("relay", self._relay)

    def _thread(self, name: str, run: Callable[..., None], *given: Any) -> None:
        thread = threading.Thread(target=run, args=given, name=f"{self.consumer}-{name}", daemon=True)
        self._alive.append(thread)
        thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Take no more work, give running work up to `timeout_s` to end, put the rest back."""
        self._stopping.set()
        self._jobs.wake.now(self.consumer)
        if self._subscription is not None:
            stop_waiting = getattr(self._subscription, "interrupt", self._subscription.close)
            stop_waiting()
        deadline = self._clock.monotonic() + timeout_s * 0.8
        for thread in self._alive:
            thread.join(max(0.0, deadline - self._clock.monotonic()))
        for running in self._snapshot():
            running.lost = True
            if self._jobs.give_back(running.job):
                self._note(logging.INFO, "worker.gave_back", "unfinished work goes back", running.job)
        self._alive = [thread for thread in self._alive if thread.is_alive()]

    # ------------------------------------------------------------------ the pump

    def _claim(self, tx: Connection, records: Sequence[LogRecord]) -> None:
        self._jobs.claim(tx, self.consumer, records, self._hearing)

    def _pump(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                if self._subscription is None:
                    self._subscription = self._log.subscribe(self.consumer, self.topics)
                count = self._subscription.pump(self._claim, 500, 0.5)
                if not self._remote:
                    self._lag = 0
                elif getattr(self._subscription, "joined", True):
                    asked = self._clock.monotonic()
                    self._lag = self._subscription.lag()
                    self._lag_at = asked
                self._pumped = self._clock.monotonic()
                failures = 0
                if count:
                    self._logger.debug("claimed %d", count, extra={"event": "worker.claimed"})
            except Exception as error:
                if getattr(error, "fatal", False):
                    self._logger.critical(
                        "the log is lost; this process ends", extra={"event": "worker.log_lost"}
                    )
                    os.kill(os.getpid(), signal.SIGTERM)
                    return
                failures += 1
                self._logger.exception(
                    "the pump failed; it tries again", extra={"event": "worker.pump_failed"}
                )
                self._stopping.wait(min(0.1 * 2**failures, 1.0))
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None

    # ------------------------------------------------------------------ jobs

    def _work(self, number: int) -> None:
        # Of several threads one takes small work only, so that large packages never hold all of them. The first
        # looks often for what other processes made ready and wakes the rest.
        small = number == self._threads - 1 and number > 0
        max_size = self._small_bytes if small else None
        pause = POLL_S if number == 0 else 4 * POLL_S
        turn = 0
        while not self._stopping.is_set():
            seen = self._jobs.wake.seen(self.consumer)
            try:
                turn += 1
                job = self._jobs.take(self.consumer, max_size, oldest=turn % 4 == 0)
                if job is not None:
                    if number == 0:
                        self._jobs.wake.now(self.consumer)
                    failpoint("taken")
                    self._run(job)
                    continue
            except Exception:
                self._logger.exception(
                    "taking work failed; it tries again", extra={"event": "worker.take_failed"}
                )
                self._stopping.wait(0.5)
            self._jobs.wake.wait(self.consumer, seen, pause)

    def _run(self, job: Job) -> None:
        running = Running(job, self._clock.monotonic())
        job.progress = lambda what, done, total: self._progress(running, what, done, total)
        with self._guard:
            self._running[job.n] = running
        try:
            event, handler = self._read(job)
            effect = handler(job, event)
            failpoint("worked")
            with self._database.write() as tx:
                self._jobs.finish(tx, job)
                if effect is not None:
                    effect(tx)
                failpoint("effected")
            failpoint("finished")
        except Fenced:
            self._note(logging.WARNING, "worker.fenced", "another worker has taken over", job)
        except Exception as error:
            self._failed(job, error)
        finally:
            with self._guard:
                self._running.pop(job.n, None)

    def _read(self, job: Job) -> tuple[Event, Handler]:
        """Return the typed event and its handler; raises UnreadableEvent."""
        if job.envelope is None or job.envelope.type not in self._handlers:
            raise UnreadableEvent
        model, handler = self._handlers[job.envelope.type]
        try:
            return model.model_validate(job.envelope.data), handler
        except ValidationError as error:
            raise _Unreadable(error) from None

    def _failed(self, job: Job, error: Exception) -> None:
        try:
            verdict = self._jobs.fail(job, error, at_once=_final(job, error))
        except Fenced:
            self._note(logging.WARNING, "worker.fenced", "another worker has taken over", job)
            return
        except Exception:
            # The database does not answer: the beat has stopped, so the reaper puts the job back.
            self._logger.exception(
                "a failed attempt could not be noted", extra={"event": "worker.fail_failed"}
            )
            return
        # The reason names places in our code; the error's own text may quote content and is not logged.
        code, reason = reason_of(error)
        level = logging.WARNING if verdict == "retry" else logging.ERROR
        text = f"{verdict} after attempt {job.attempts + 1}: {code}, {reason}"
        self._note(level, f"worker.{verdict}", text, job)

    def _progress(self, running: Running, what: str, done: int, total: int) -> None:
        """Note progress; raises Fenced when the job is no longer ours, so that long work ends early."""
        if running.lost:
            raise Fenced
        correlation = running.job.envelope.correlationid if running.job.envelope else ""
        running.progress = Progress(running.job.n, correlation, what, done, total)

    def _beat(self) -> None:
        while not self._stopping.wait(self._jobs.lease_s / 4):
            for running in self._snapshot():
                if running.lost or self._clock.monotonic() - running.since > self._job_limit_s:
                    continue
                try:
                    if not self._jobs.beat(running.job) and running.job.n in self._running:
                        running.lost = True
                except Exception:
                    self._logger.exception("a heartbeat failed", extra={"event": "worker.beat_failed"})

    def _reap(self) -> None:
        pause = min(0.1 if self._database.dialect == "sqlite" else 0.25, self._jobs.lease_s / 4)
        while not self._stopping.wait(pause):
            try:
                self._jobs.reap(self.consumer)
            except Exception:
                self._logger.exception("the reaper failed", extra={"event": "worker.reap_failed"})
                self._stopping.wait(1.0)

    def _relay(self) -> None:
        trimmed = self._clock.monotonic()
        while not self._stopping.is_set():
            try:
                if self._log.relay():
                    continue
                if self._clock.monotonic() - trimmed > HOUR_S:
                    trimmed = self._clock.monotonic()
                    self._log.trim(24 * HOUR_S)  # rows that Kafka has had for a day
            except Exception:
                self._logger.exception("the relay failed", extra={"event": "worker.relay_failed"})
                self._stopping.wait(0.5)
            wait: Callable[[float], None] | None = getattr(self._log, "wait_unsent", None)
            if wait is None:
                self._stopping.wait(0.05)
            else:
                wait(0.05)

    # ------------------------------------------------------------------ what others ask

    def _snapshot(self) -> list[Running]:
        with self._guard:
            return list(self._running.values())

    def progress(self) -> list[Progress]:
        """Return the last progress of every running job that has told any."""
        return [running.progress for running in self._snapshot() if running.progress is not None]

    def lag(self) -> int:
        """Return how many events this process's subscription has not claimed yet (Kafka: as of the last pump)."""
        subscription = self._subscription
        if subscription is not None and not self._remote:
            return subscription.lag()
        return self._lag or 0

    def counts(self) -> dict[str, int]:
        """Return how many jobs of this consumer are waiting, ready, running, later and parked."""
        return self._jobs.counts(self.consumer)

    def stopped(self) -> bool:
        """Return whether the line is stopped: too many jobs in a row were parked."""
        return self._jobs.stopped(self.consumer)

    def idle(self) -> bool:
        """Return whether nothing is unsent, unread, waiting, ready, running or due (parked work may be left).

        Ask again until it is True: on Kafka the lag must have been measured after everything else was quiet.
        """
        counts = self._jobs.counts(self.consumer)
        unsent: Callable[[], int] | None = getattr(self._log, "unsent", None)
        busy = any(counts[state] for state in ("waiting", "ready", "running", "later"))
        if busy or self._lag is None or self.lag() or (unsent is not None and unsent()):
            self._quiet = None
            return False
        if self._quiet is None:
            self._quiet = self._clock.monotonic()
        return not self._remote or self._lag_at > self._quiet

    def health(self) -> list[Health]:
        """Return whether the threads live, the log is being read and the line runs."""
        name = f"worker.{self.consumer}"
        dead = [thread.name for thread in self._alive if not thread.is_alive()]
        if dead and not self._stopping.is_set():
            return [Health(name, "bad", f"threads ended: {', '.join(dead)}")]
        if self._clock.monotonic() - self._pumped > 60:
            return [Health(name, "bad", "the log has not been read for a minute")]
        ask: Callable[[], list[Health]] | None = getattr(self._log, "health", None)
        bad = [one for one in ask() if one.outcome != "ok"] if ask is not None else []
        if bad:
            return bad
        try:
            if self._jobs.stopped(self.consumer):
                return [Health(name, "bad", "the line is stopped: too many jobs in a row were parked")]
        except Exception as error:
            return [Health(name, "could_not_check", type(error).__name__)]
        return [Health(name, "ok", "")]

    def _note(self, level: int, event: str, text: str, job: Job) -> None:
        correlation = job.envelope.correlationid if job.envelope else ""
        self._logger.log(level, text, extra={"event": event, "correlation": correlation})


class _Unreadable(UnreadableEvent):
    """A known type whose data does not fit its model; says which of our fields, never what stands in them."""

    def __init__(self, error: ValidationError) -> None:
        fields = ", ".join(sorted({str(one["loc"][0]) if one["loc"] else "data" for one in error.errors()}))
        super().__init__(sv=f"Fälten stämmer inte: {fields}", en=f"Fields do not fit: {fields}")
        self.safe_reason = f"fields do not fit: {fields}"


def _final(job: Job, error: Exception) -> bool:
    """Return whether trying again cannot help: what a producer sent is unreadable, or wrong in itself."""
    theirs = isinstance(error, Problem) and error.fault != "system" and job.topic.startswith("producer.")
    return theirs or isinstance(error, UnreadableEvent)
