"""The relay around a producer that misbehaves: nothing lost, nothing out of order, no topic holds up another."""

from collections.abc import Callable
from typing import Any

import pytest
from kafka.errors import KafkaTimeoutError, TopicAuthorizationFailedError
from samarkiv_runtime.clock import FixedClock
from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.kafka_relay import Relay
from sqlalchemy import text


class Future:
    """An acknowledgement that comes when told."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.is_done = False
        self.exception: BaseException | None = None

    def succeeded(self) -> bool:
        return self.is_done and self.exception is None

    def acknowledge(self) -> None:
        self.is_done = True

    def refuse(self, error: BaseException) -> None:
        self.is_done, self.exception = True, error

    def get(self, timeout: float) -> None:
        if not self.is_done:
            self.clock.move(timeout)
            raise KafkaTimeoutError
        if self.exception is not None:
            raise self.exception


class Producer:
    """Notes what it is given; `answers` decides on each future."""

    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.closed = False

    def send(self, topic: str, value: bytes, key: bytes | None, headers: list[tuple[str, bytes]]) -> Future:
        future = Future(self.broker.clock)
        self.broker.sent.append((topic, int(value)))
        self.broker.answer(topic, int(value), future)
        return future

    def close(self, timeout: float) -> None:
        self.closed = True


class Broker:
    """Makes producers; acknowledges at once unless told otherwise."""

    def __init__(self) -> None:
        self.clock = FixedClock()
        self.sent: list[tuple[str, int]] = []
        self.producers: list[Producer] = []
        self.declared: list[str] = []
        self.answer: Callable[[str, int, Future], None] = lambda _topic, _n, future: future.acknowledge()

    def make(self) -> Any:
        self.producers.append(Producer(self))
        return self.producers[-1]

    def declare(self, topics: Any) -> None:
        self.declared += topics


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def relay(database: Database, broker: Broker) -> Relay:
    return Relay(database, broker.clock, broker.make, broker.declare, "x.", lease_s=1e6)


def write(database: Database, *topics: str) -> None:
    with database.write() as tx:
        for topic in topics:
            number = int(tx.scalar(text("SELECT coalesce(max(n), 0) + 1 FROM event")) or 1)
            tx.execute(
                text(
                    "INSERT INTO event (topic, key, headers, body, at, sent) VALUES (:t, 'k', '{}', :b, 0, 0)"
                ),
                {"t": topic, "b": str(number).encode()},
            )


def test_rows_go_out_in_number_order_and_are_marked(database: Database, broker: Broker, relay: Relay) -> None:
    write(database, "a", "b", "a")
    assert relay.run() == 3
    assert broker.sent == [("x.a", 1), ("x.b", 2), ("x.a", 3)]
    assert relay.unsent() == 0
    assert relay.run() == 0
    assert sorted(broker.declared) == ["a", "b"]
    assert relay.health().outcome == "ok"


def test_our_own_time_out_keeps_the_producer_and_sends_nothing_twice(
    database: Database, broker: Broker, relay: Relay
) -> None:
    waiting: list[Future] = []
    broker.answer = lambda _topic, _n, future: waiting.append(future)
    write(database, "a", "a")
    assert relay.run() == 0
    assert relay.run() == 0
    assert relay.run() == 0
    assert (len(broker.sent), len(broker.producers)) == (2, 1)
    assert relay.health().outcome == "bad"
    for future in waiting:
        future.acknowledge()
    assert relay.run() == 2
    assert (len(broker.sent), relay.unsent(), relay.health().outcome) == (2, 0, "ok")


def test_five_minutes_without_an_answer_are_a_new_producer(
    database: Database, broker: Broker, relay: Relay
) -> None:
    broker.answer = lambda _topic, _n, _future: None
    write(database, "a")
    while len(broker.producers) == 1 or not broker.producers:
        relay.run()
        assert broker.clock.monotonic() < 400
        if broker.producers and broker.producers[0].closed:
            break
    broker.answer = lambda _topic, _n, future: future.acknowledge()
    assert relay.run() == 1
    assert len(broker.producers) == 2
    assert relay.unsent() == 0


def test_a_refusal_costs_a_new_producer_and_holds_back_its_own_topic_only(
    database: Database, broker: Broker, relay: Relay
) -> None:
    refused = TopicAuthorizationFailedError()
    broker.answer = lambda topic, _n, future: (
        future.refuse(refused) if topic == "x.bad" else future.acknowledge()
    )
    write(database, "good", "bad", "good", "bad", "good")
    assert relay.run() == 3  # the refused row does not keep back what was acknowledged
    assert broker.producers[0].closed
    assert relay.health().outcome == "bad"
    write(database, "good")
    assert relay.run() == 1
    assert relay.unsent() == 2
    broker.answer = lambda _topic, _n, future: future.acknowledge()
    broker.sent.clear()
    broker.clock.move(6)
    assert relay.run() == 2
    assert broker.sent == [("x.bad", 2), ("x.bad", 4)]


def test_without_the_lease_nothing_is_sent(database: Database, broker: Broker, relay: Relay) -> None:
    write(database, "a")
    assert relay.run() == 1
    standby = Relay(database, broker.clock, broker.make, broker.declare, "x.", lease_s=1e6)
    write(database, "a")
    assert standby.run() == 0
    relay.close()
    broker.clock.move(1e6)
    assert standby.run() == 1
