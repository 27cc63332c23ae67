"""The relay: unsent rows of the outbox go to Kafka in number order and are marked when acknowledged (EVENTS rule 7)."""

import json
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError, UnknownTopicOrPartitionError
from sqlalchemy import func, select, update

from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.kafka_client import LOGGER, ProducerMaker, discard
from samarkiv_runtime.eventlog.lease import Lease
from samarkiv_runtime.eventlog.tables import EVENT
from samarkiv_runtime.failpoints import failpoint
from samarkiv_runtime.ports import Clock, Health

CHUNK = 500
CHUNK_BYTES = 8 * 2**20
WAIT_S = 30.0  # for one acknowledgement, before the relay lets others breathe and waits on
ALARM_S = 60.0
RENEW_S = 300.0
HOLD_S = 5.0  # a topic that refuses is left alone this long, so that the others go on


@dataclass
class Sent:
    """A row that was given to the producer."""

    n: int
    topic: str
    future: Any
    since: float


class Relay:
    """One process's relay. Two processes at once keep each key's order; the lease spares duplicates."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        make: ProducerMaker,
        declare: Callable[[Sequence[str]], None],
        prefix: str,
        lease_s: float,
        wait_s: float = WAIT_S,
    ) -> None:
        self._database = database
        self._clock = clock
        self._make = make
        self._declare = declare
        self._prefix = prefix
        self._wait_s = wait_s
        self._producer: KafkaProducer | None = None
        self._sent: deque[Sent] = deque()
        self._held: dict[str, float] = {}
        self._known: set[str] = set()
        self._busy = threading.Lock()
        self.lease = Lease(database, clock, "relay", lease_s)

    def run(self) -> int:
        """Send the next chunk, or wait on for the last one; returns how many rows were acknowledged and marked."""
        if not self._busy.acquire(blocking=False):
            return 0  # another thread of this process is at it
        try:
            if not self.lease.hold():
                return 0
            if not self._sent:
                self._send()
            return self._settle()
        finally:
            self._busy.release()

    def _rows(self) -> Sequence[Any]:
        now = self._clock.monotonic()
        self._held = {topic: until for topic, until in self._held.items() if until > now}
        query = select(EVENT).where(EVENT.c.sent == 0).order_by(EVENT.c.n).limit(CHUNK)
        if self._held:
            query = query.where(EVENT.c.topic.not_in(self._held))
        with self._database.read() as tx:
            found = tx.execute(query).all()
        total = 0
        for count, row in enumerate(found):
            total += len(row.body)
            if total > CHUNK_BYTES and count:
                return found[:count]
        return found

    def _send(self) -> None:
        rows = self._rows()
        if not rows:
            return
        if self._producer is None:
            self._producer = self._make()
        self._know({row.topic for row in rows})
        for row in rows:
            if row.topic in self._held:
                continue
            headers = [(name, str(value).encode()) for name, value in json.loads(row.headers).items()]
            key = row.key.encode() if row.key else None
            try:
                # Never a timestamp: an old one is deleted at once under time retention (ENGINES, bug 5).
                future = self._producer.send(
                    self._prefix + row.topic, value=row.body, key=key, headers=headers
                )
            except (KafkaError, ValueError) as error:
                self._refused(row.topic, error)
                continue
            self._sent.append(Sent(row.n, row.topic, future, self._clock.monotonic()))

    def _know(self, topics: set[str]) -> None:
        """Make sure of topics seen for the first time: a send to a missing one would hold up all others for long."""
        new = topics - self._known
        if not new:
            return
        try:
            self._declare(sorted(new))
        except KafkaError as error:
            LOGGER.warning("not declared: %s", type(error).__name__, extra={"event": "relay.undeclared"})
        self._known |= new

    def _settle(self) -> int:
        """Wait for the futures in order. Our own time-out keeps producer and futures: nothing is sent twice."""
        marked: list[int] = []
        deadline = self._clock.monotonic() + self._wait_s
        while self._sent:
            first = self._sent[0]
            try:
                first.future.get(timeout=max(0.0, min(1.0, deadline - self._clock.monotonic())))
            except KafkaTimeoutError:
                if not first.future.is_done:
                    if self.lease.hold() and self._clock.monotonic() < deadline:
                        continue
                    self._late(first)
                    break
                self._failed(first, marked)
                break
            except Exception:
                self._failed(first, marked)
                break
            marked.append(first.n)
            self._sent.popleft()
        failpoint("relayed")
        self._mark(marked)
        return len(marked)

    def _mark(self, numbers: list[int]) -> None:
        if numbers:
            with self._database.write() as tx:
                tx.execute(update(EVENT).where(EVENT.c.n.in_(numbers)).values(sent=1))

    def _late(self, first: Sent) -> None:
        waited = self._clock.monotonic() - first.since
        if waited > RENEW_S:
            LOGGER.error(
                "no acknowledgement for %.0f s: a new producer", waited, extra={"event": "relay.renewed"}
            )
            self._renew()
        elif waited > self._wait_s:
            LOGGER.warning("no acknowledgement for %.0f s", waited, extra={"event": "relay.late"})

    def _failed(self, first: Sent, marked: list[int]) -> None:
        """One answer that cannot be retried kills the producer for every later send: make a new one (ENGINES, bug 2)."""
        marked += [one.n for one in self._sent if one.future.is_done and one.future.succeeded()]
        self._refused(first.topic, first.future.exception)
        self._renew()

    def _refused(self, topic: str, error: BaseException) -> None:
        LOGGER.error("%s refused: %s", topic, type(error).__name__, extra={"event": "relay.refused"})
        self._held[topic] = self._clock.monotonic() + HOLD_S
        if isinstance(error, KafkaTimeoutError | UnknownTopicOrPartitionError):
            self._known.discard(topic)

    def _renew(self) -> None:
        self._sent.clear()
        producer, self._producer = self._producer, None
        if producer is not None:
            discard(producer)

    def unsent(self) -> int:
        """Return how many rows wait."""
        with self._database.read() as tx:
            return int(tx.scalar(select(func.count()).select_from(EVENT).where(EVENT.c.sent == 0)) or 0)

    def health(self) -> Health:
        """Return `bad` when the oldest unacknowledged row has waited over a minute."""
        oldest = self._sent[0].since if self._sent else None
        if oldest is not None and self._clock.monotonic() - oldest > ALARM_S:
            return Health("relay", "bad", "Kafka has not acknowledged for over a minute")
        if self._held:
            return Health("relay", "bad", f"Kafka refuses {', '.join(sorted(self._held))}")
        return Health("relay", "ok", "")

    def close(self) -> None:
        """End the producer and give the lease up."""
        with self._busy:
            self._renew()
            self.lease.let_go()
