"""What an operator does with work that could not be done: list, show, retry, drop; and how far behind each worker is.

Plain functions; web.py gives them addresses. An operator has no access to content: the bytes of what producers sent are
described, not shown.
"""

import hashlib
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict
from samarkiv_contracts.problems import InvalidInput, NotFound

from samarkiv_runtime.eventlog.jobs import Jobs
from samarkiv_runtime.eventlog.parking import ParkedJob
from samarkiv_runtime.worker import Worker

PAGE = 100


class ParkedItem(BaseModel):
    """One parked job in a list."""

    model_config = ConfigDict(frozen=True)

    id: int
    consumer: str
    topic: str
    type: str
    key: str
    tenant: str
    code: str
    reason: str
    attempts: int
    age_s: float


class ParkedList(BaseModel):
    """A page of parked jobs; `next` is where the next page begins, None at the end."""

    model_config = ConfigDict(frozen=True)

    items: list[ParkedItem]
    next: int | None


class ParkedDetail(ParkedItem):
    """A parked job with its place in the log and, for events of the archive itself, its text."""

    source: str
    event_id: str
    partition: int
    offset: int
    deaths: int
    sha256: str
    bytes: int
    body: str | None


class Outcome(BaseModel):
    """What became of an act on a parked job."""

    model_config = ConfigDict(frozen=True)

    id: int
    outcome: str


class LagItem(BaseModel):
    """How far behind a worker is."""

    model_config = ConfigDict(frozen=True)

    consumer: str
    unread: int
    waiting: int
    ready: int
    running: int
    later: int
    parked: int
    stopped: bool
    idle: bool


class ProgressItem(BaseModel):
    """How far a running job has come."""

    model_config = ConfigDict(frozen=True)

    consumer: str
    job: int
    correlation: str
    what: str
    done: int
    total: int


def list_parked(jobs: Jobs, consumer: str | None = None, *, limit: int = PAGE, after: int = 0) -> ParkedList:
    """Return parked jobs, oldest first, of one consumer or of all; at most `limit` (1–1,000)."""
    wanted = max(1, min(limit, 1000))
    found = jobs.parked(consumer, limit=wanted + 1, after=after)
    items = [_item(one) for one in found[:wanted]]
    return ParkedList(items=items, next=items[-1].id if len(found) > wanted else None)


def show_parked(jobs: Jobs, n: int) -> ParkedDetail:
    """Return one parked job; raises NotFound."""
    parked = jobs.show(n)
    text = None if parked.topic.startswith("producer.") else parked.body.decode("utf-8", "replace")
    return ParkedDetail(
        **_item(parked).model_dump(),
        source=parked.source,
        event_id=parked.id,
        partition=parked.partition,
        offset=parked.offset,
        deaths=parked.deaths,
        sha256=hashlib.sha256(parked.body).hexdigest(),
        bytes=len(parked.body),
        body=text,
    )


def retry(jobs: Jobs, n: int) -> Outcome:
    """Give a parked job a new set of attempts; raises NotFound when it is not parked."""
    if not jobs.retry_parked(n):
        raise NotFound
    return Outcome(id=n, outcome="retried")


def drop(jobs: Jobs, n: int, reason: str) -> Outcome:
    """Give a parked job up for a stated reason; raises InvalidInput without one, NotFound when it is not parked."""
    stated = reason.strip()
    if not stated:
        raise InvalidInput(
            sv="Ange varför händelsen inte ska hanteras.", en="State why the event is not to be handled."
        )
    if not jobs.drop_parked(n, stated[:1000]):
        raise NotFound
    return Outcome(id=n, outcome="dropped")


def lag(workers: Iterable[Worker]) -> list[LagItem]:
    """Return how far behind each worker is, and whether its line is stopped."""
    return [
        LagItem(
            consumer=worker.consumer,
            unread=worker.lag(),
            **worker.counts(),
            stopped=worker.stopped(),
            idle=worker.idle(),
        )
        for worker in workers
    ]


def progress(workers: Iterable[Worker]) -> list[ProgressItem]:
    """Return the progress of every running job that has told any."""
    return [
        ProgressItem(
            consumer=worker.consumer,
            job=one.job,
            correlation=one.correlation,
            what=one.what,
            done=one.done,
            total=one.total,
        )
        for worker in workers
        for one in worker.progress()
    ]


def _item(parked: ParkedJob) -> ParkedItem:
    return ParkedItem(
        id=parked.n,
        consumer=parked.consumer,
        topic=parked.topic,
        type=parked.type,
        key=parked.key,
        tenant=parked.tenant,
        code=parked.code,
        reason=parked.reason,
        attempts=parked.attempts,
        age_s=round(parked.age_s, 1),
    )
