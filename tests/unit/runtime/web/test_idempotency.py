"""The same key gives the same answer, once (USERS P3)."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from samarkiv_contracts.problems import BadRequest, KeyReused
from samarkiv_runtime.clock import FixedClock
from samarkiv_runtime.database import Database, migrate
from samarkiv_runtime.idempotency import Answer, Idempotency, fingerprint
from samarkiv_runtime.policy.log import BRANCH
from samarkiv_runtime.policy.tables import IDEMPOTENCY
from sqlalchemy import Connection, select


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path / 'db.sqlite'}")
    migrate(database, [BRANCH])
    yield database
    database.close()


ASKED = fingerprint("POST", "/v1/deliveries", b"{}")


def test_a_repeated_request_gets_the_first_answer_and_does_nothing(database: Database) -> None:
    once = Idempotency(database, FixedClock())
    done = []

    def work(_tx: Connection) -> Answer:
        done.append(1)
        return Answer(201, b'{"id":"dlv-1"}', {"Location": "/v1/deliveries/dlv-1"})

    first = once.once("acc-1", "key", ASKED, work)
    assert once.once("acc-1", "key", ASKED, work) == first
    assert done == [1]
    once.once("acc-2", "key", ASKED, work)
    once.once("acc-1", "", ASKED, work)
    assert len(done) == 3


def test_the_key_cannot_be_used_for_something_else(database: Database) -> None:
    once = Idempotency(database, FixedClock())
    once.once("acc-1", "key", ASKED, lambda _tx: Answer(201, b""))
    with pytest.raises(KeyReused):
        once.once("acc-1", "key", fingerprint("POST", "/v1/deliveries", b"{ }"), lambda _tx: Answer(201, b""))
    with pytest.raises(BadRequest):
        once.once("acc-1", "k" * 256, ASKED, lambda _tx: Answer(201, b""))


def test_a_failed_request_frees_its_key(database: Database) -> None:
    once = Idempotency(database, FixedClock())

    def fails(_tx: Connection) -> Answer:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        once.once("acc-1", "key", ASKED, fails)
    assert once.once("acc-1", "key", ASKED, lambda _tx: Answer(201, b"ok")).body == b"ok"


def test_nothing_of_a_request_is_left_until_it_is_done(database: Database) -> None:
    """So that one whose process was killed can be asked again at once."""
    once = Idempotency(database, FixedClock())

    def looks(_tx: Connection) -> Answer:
        with database.read() as beside:
            assert beside.execute(select(IDEMPOTENCY)).first() is None
        return Answer(201, b"ok")

    assert once.once("acc-1", "key", ASKED, looks).body == b"ok"


def test_fifty_at_once_do_the_work_once(database: Database) -> None:
    once = Idempotency(database, FixedClock())
    done, answers = [], []

    def work(_tx: Connection) -> Answer:
        done.append(1)
        return Answer(201, b"one")

    def ask() -> None:
        answers.append(once.once("acc-1", "key", ASKED, work).body)

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [1]
    assert answers == [b"one"] * 50
