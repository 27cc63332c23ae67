"""A worker process for the kill tests: does the work of `ingest`, ends when so many effects stand."""

import json
import logging
import os
import sys
import time
from typing import Any

from samarkiv_contracts.events.delivery import DeliveryReceived
from samarkiv_runtime.clock import RandomIds, SystemClock
from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.jobs import Jobs
from samarkiv_runtime.ports import Effect, EventLog, Job
from samarkiv_runtime.worker import Worker
from sqlalchemy import Connection, text


def main(wanted: int) -> int:
    """Return 0 when all effects stand, 1 after 40 s."""
    logging.basicConfig(level=os.environ.get("VICTIM_LOG", "ERROR"))
    given: dict[str, Any] = json.loads(os.environ["VICTIM"])
    database, clock = Database.open(given["url"]), SystemClock()
    log: EventLog
    if "kafka" in given:
        from samarkiv_runtime.eventlog.kafka import KafkaLog

        log = KafkaLog(
            database, clock, given["kafka"], session_ms=2_000, prefix=given["prefix"], partitions=2
        )
    else:
        from samarkiv_runtime.eventlog.sqlite import SqliteLog

        log = SqliteLog(database, clock)
    jobs = Jobs(database, clock, RandomIds(), lease_s=0.5)

    def work(job: Job, event: DeliveryReceived) -> Effect:
        assert job.envelope is not None
        name = f"{event.delivery}/{job.envelope.sequence}"

        def effect(tx: Connection) -> None:
            tx.execute(text("INSERT INTO effect (name) VALUES (:name)"), {"name": name})

        return effect

    worker = Worker("ingest", 1, log, jobs, database, clock, {DeliveryReceived: work}, threads=3)
    worker.start()
    until = time.monotonic() + 40
    while time.monotonic() < until:
        time.sleep(0.05)
        with database.read() as tx:
            if (tx.scalar(text("SELECT count(*) FROM effect")) or 0) >= wanted and worker.idle():
                worker.stop()
                return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
