"""kill -9 of services, broker and database in the middle of deliveries, on the real engines (DESIGN §8, RELIABILITY I1–I3)."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from samarkiv_runtime.database import Database
from samarkiv_runtime.objects.s3 import S3Store

from tests.faults import reckoning
from tests.faults.moments import Kill, Killer, Moment, plan, table
from tests.faults.producer import Producer, producing
from tests.flow.distributed import ENGINES, NAMES, Cluster, cluster

pytestmark = [pytest.mark.engines, pytest.mark.timeout(900)]
SEED = int(os.environ.get("SAMARKIV_SEED", "20261124"))
KILLS = int(os.environ.get("SAMARKIV_KILLS", "20"))
RUNTIME = ("committed", "taken", "worked", "effected", "finished")
PRESERVATION = (
    "preservation.written",
    "preservation.container",
    "preservation.readback",
    "preservation.commit",
    "preservation.publish",
    "preservation.tell",
    "preservation.published",
    "preservation.derived",
    *RUNTIME,
)
PLACES = {
    "ingest": (
        "ingest.appended",
        "ingest.uploaded",
        "ingest.receiving",
        "ingest.received",
        "ingest.checked",
        "ingest.handed",
        "ingest.accepting",
        "ingest.clearing",
        *RUNTIME,
    ),
    "preservation": PRESERVATION,
    "preservation-2": PRESERVATION,
    "search": ("search.put", "search.indexed", *RUNTIME),
    "access": ("access.files", "access.writing", *RUNTIME),
}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "cluster"
    folder.mkdir()
    with cluster(folder) as made:
        yield made


def restarted(made: Cluster, name: str, more: dict[str, str]) -> "subprocess.Popen[bytes]":
    """Start a service anew; one that still runs is killed first."""
    if made.processes[name].poll() is None:
        made.kill(name)
    return made.start(name, {"SAMARKIV_WORKERS": "1", **more})


def engine_killed(name: str, after_s: float) -> Kill:
    """Kill an engine, leave it down for a second, start it again."""
    time.sleep(after_s)
    subprocess.run([str(ENGINES), "kill", name], check=True, timeout=120, capture_output=True)
    time.sleep(1.0)
    begun = time.monotonic()
    subprocess.run([str(ENGINES), "start", name], check=True, timeout=120, capture_output=True)
    return Kill(Moment(name, after_s=after_s), "killed", time.monotonic() - begun)


def store(made: Cluster, which: str, bucket: str) -> S3Store:
    """Return a bucket of the cluster at one of the two stores."""
    given = made.environment
    return S3Store(
        given[f"SAMARKIV_S3_{which.upper()}_URL"],
        given["SAMARKIV_S3_ACCESS_KEY"],
        given["SAMARKIV_S3_SECRET_KEY"],
        f"{given['SAMARKIV_S3_BUCKET_PREFIX']}-{bucket}",
    )


def test_every_acknowledged_delivery_is_accepted_exactly_once(running: Cluster, tmp_path: Path) -> None:
    killer = Killer(lambda name, more: restarted(running, name, more), running.wait_ready)
    producer = Producer(running.front, lambda: running.token, SEED)
    begun = time.monotonic()
    with producing(producer, threads=3, pause_s=0.3):
        killer.run(plan(SEED, PLACES, KILLS, passings=1))
        engines = [engine_killed("kafka", 0.5), engine_killed("postgres", 0.5)]
        for name in NAMES:
            running.wait_ready(name)
    told = f"{len(producer.acknowledged)} acknowledged in {time.monotonic() - begun:.0f} s"
    print(f"\n{table([*killer.kills, *engines])}\n{told}, answers {dict(producer.told)}")
    assert not killer.faults, killer.faults
    client, public = running.client(), running.client(signed=False)
    sent = producer.acknowledged
    rows = reckoning.settled(client, sent, 240)
    packages = reckoning.accepted_once(client, public, sent, rows)
    reckoning.same_bytes(client, sent, rows, tmp_path / "out")
    reckoning.verified(running.client(running.operator), packages)
    database = Database.open(running.environment["SAMARKIV_DATABASE_URL"])
    staging = store(running, "a", "staging")
    reckoning.nothing_left(database, lambda: [name for name, _size in staging.bucket.keys("")])
    database.close()
    reckoning.whole_copies({name: store(running, name, f"copy-{name}") for name in ("a", "b")}, packages)
    assert [one.outcome for one in killer.kills] == ["killed"] * KILLS
