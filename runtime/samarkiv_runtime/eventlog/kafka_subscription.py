"""A consumer's place in Kafka: one thread, claim first, then the offsets (ENGINES: poll loop and watchdog)."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata
from kafka.errors import KafkaError
from samarkiv_contracts.problems import Unavailable

from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.kafka_client import LOGGER
from samarkiv_runtime.failpoints import failpoint
from samarkiv_runtime.ports import Claim, Clock, LogRecord

JOIN_MS = 5_000  # with busy threads a shorter poll never joins (EVENTS, traps)
STUCK_S = 60.0


class SubscriptionLostError(Exception):
    """The consumer stands still and a new one did not help: the process should end and be started again."""

    fatal = True


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Notes that the group has answered; nothing here may block (ENGINES, bug 4)."""

    def __init__(self) -> None:
        self.joined = False

    def on_partitions_revoked(self, revoked: Any) -> None:
        LOGGER.debug("revoked %d", len(revoked), extra={"event": "kafka.revoked"})

    def on_partitions_assigned(self, assigned: Any) -> None:
        self.joined = True
        LOGGER.debug("assigned %d", len(assigned), extra={"event": "kafka.assigned"})

    def on_partitions_lost(self, lost: Any) -> None:
        LOGGER.warning("lost %d partitions", len(lost), extra={"event": "kafka.lost"})


class Watch:
    """Decides when a consumer is stuck: no answer of the group, or events waiting and no movement, for a minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._moved = clock.monotonic()
        self._position = -1
        self._renewed = False

    def look(self, *, joined: bool, lag: int, position: int) -> Literal["ok", "renew", "give_up"]:
        """Return what to do; a second `renew` without any movement between is `give_up`."""
        now = self._clock.monotonic()
        if joined and (lag == 0 or position != self._position):
            self._moved, self._position = now, position
            self._renewed = False
            return "ok"
        if now - self._moved < STUCK_S:
            return "ok"
        self._moved = now
        if self._renewed:
            return "give_up"
        self._renewed = True
        return "renew"


def pattern_of(prefix: str, topics: Iterable[str]) -> str:
    """Return the regular expression of exact names and `prefix.*`: only the last star is one, every dot is a dot."""
    parts = [
        re.escape(prefix + topic[:-1]) + ".+" if topic.endswith(".*") else re.escape(prefix + topic)
        for topic in topics
    ]
    return f"^(?:{'|'.join(parts)})$"


class KafkaSubscription:
    """Implements ports.Subscription on a Kafka group."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        make: Callable[[bool], KafkaConsumer],
        prefix: str,
        topics: Sequence[str],
    ) -> None:
        self._database = database
        self._clock = clock
        self._make = make
        self._prefix = prefix
        self._topics = tuple(sorted(set(topics)))
        self._patterned = any(topic.endswith(".*") for topic in self._topics)
        self._closed = False
        self._watch = Watch(clock)
        self._consumer: KafkaConsumer | None = None
        self._listener = _Listener()
        self._looked = -1e9
        self._open()

    @property
    def joined(self) -> bool:
        """Return whether the group has answered; before that the lag is not known."""
        return self._listener.joined

    def _open(self) -> KafkaConsumer:
        consumer = self._make(self._patterned)
        self._listener = _Listener()
        try:
            self._subscribe(consumer)
        except BaseException:
            consumer.close()
            raise
        self._consumer = consumer
        return consumer

    def _subscribe(self, consumer: KafkaConsumer) -> None:
        # A misspelt or forbidden topic would be read as an empty one, silently (ENGINES, bug 6).
        exact = [topic for topic in self._topics if not topic.endswith(".*")]
        missing = [topic for topic in exact if not consumer.partitions_for_topic(self._prefix + topic)]
        if missing:
            names = ", ".join(missing)
            raise Unavailable(sv=f"Ämnet finns inte: {names}", en=f"No such topic: {names}")
        if self._patterned:
            consumer.subscribe(pattern=pattern_of(self._prefix, self._topics), listener=self._listener)
        else:
            consumer.subscribe(topics=[self._prefix + topic for topic in exact], listener=self._listener)

    def pump(self, claim: Claim, limit: int = 500, wait_s: float = 0.0) -> int:
        """Poll, claim in one transaction, then commit the offsets; a failed claim gives the same records again."""
        if self._closed:
            return 0
        consumer = self._consumer or self._open()
        wait_ms = int(wait_s * 1000) if consumer.assignment() else max(JOIN_MS, int(wait_s * 1000))
        batches = consumer.poll(wait_ms, max_records=limit)
        if not batches:
            self._look_after(consumer)
            return 0
        records = [self._record(one) for batch in batches.values() for one in batch]
        try:
            with self._database.write() as tx:
                claim(tx, records)
                failpoint("claimed")
        except BaseException:
            for place, batch in batches.items():
                if place in consumer.assignment():
                    consumer.seek(place, batch[0].offset)
            raise
        failpoint("committed")
        offsets = {place: OffsetAndMetadata(batch[-1].offset + 1, "", -1) for place, batch in batches.items()}
        try:
            consumer.commit(offsets, timeout_ms=5_000)
        except KafkaError as error:
            # Survived: what is read again after a rebalance is already in the inbox.
            LOGGER.warning(
                "offsets not committed: %s", type(error).__name__, extra={"event": "kafka.uncommitted"}
            )
        return len(records)

    def _record(self, one: Any) -> LogRecord:
        headers = {name: (value or b"").decode("utf-8", "replace") for name, value in one.headers or ()}
        key = (one.key or b"").decode("utf-8", "replace")
        topic = one.topic[len(self._prefix) :]
        return LogRecord(topic, key, headers, one.value or b"", one.partition, one.offset)

    def _look_after(self, consumer: KafkaConsumer) -> None:
        """Once in five seconds of quiet: is this quiet real?"""
        now = self._clock.monotonic()
        if now - self._looked < JOIN_MS / 1000:
            return
        self._looked = now
        lag, position = self._standing(consumer)
        verdict = self._watch.look(joined=self.joined, lag=lag, position=position)
        if verdict == "ok":
            return
        LOGGER.error("the consumer stands still: %s", verdict, extra={"event": "kafka.consumer_stuck"})
        if verdict == "give_up":
            raise SubscriptionLostError
        self._consumer = None
        consumer.close()

    def _standing(self, consumer: KafkaConsumer) -> tuple[int, int]:
        """Return (events not read, sum of positions) of the partitions this member has."""
        places = list(consumer.assignment() or ())
        if not places:
            return 0, 0
        ends = consumer.end_offsets(places, timeout_ms=5_000)
        positions = {place: consumer.position(place, timeout_ms=5_000) or 0 for place in places}
        return sum(max(0, ends[place] - positions[place]) for place in places), sum(positions.values())

    def rewind(self) -> None:
        """Redeliver from the first event; waits for the group's answer when there is none yet."""
        consumer = self._consumer or self._open()
        for _ in range(6):
            if consumer.assignment():
                break
            consumer.poll(JOIN_MS, max_records=1)
        consumer.seek_to_beginning(*consumer.assignment())

    def lag(self) -> int:
        """Return how many events of this member's partitions are not read; asks the broker, in the pump's thread."""
        return self._standing(self._consumer)[0] if self._consumer is not None else 0

    def interrupt(self) -> None:
        """Ask from another thread that no further pump begins."""
        self._closed = True

    def close(self) -> None:
        """Leave the group, so that another member takes over at once."""
        self._closed = True
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close(autocommit=False, timeout_ms=3_000)
