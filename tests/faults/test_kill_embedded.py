"""kill -9 of an embedded archive in the middle of deliveries: nothing acknowledged is lost, nothing is there twice."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from samarkiv_runtime.database import Database
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.settings import Settings, load_settings

from samarkiv.app import database_url
from samarkiv.client import Client
from samarkiv.serve import Running
from tests.faults import reckoning
from tests.faults.moments import Killer, Moment, plan, table
from tests.faults.producer import Producer, producing
from tests.flow.distributed import free_port
from tests.flow.fixtures import set_up

SEED = int(os.environ.get("SAMARKIV_SEED", "20261124"))
LONG = int(os.environ.get("SAMARKIV_KILLS", "20"))
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
    ),
    "preservation": (
        "preservation.written",
        "preservation.container",
        "preservation.readback",
        "preservation.commit",
        "preservation.publish",
        "preservation.tell",
        "preservation.published",
        "preservation.derived",
    ),
    "search": ("search.put", "search.indexed"),
    "access": ("access.files", "access.writing"),
    "runtime": ("claimed", "committed", "taken", "worked", "effected", "finished"),
}


@dataclass
class Home:
    """An embedded archive served by a process of its own on a fixed port."""

    settings: Settings
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    def start(self, _name: str, more: dict[str, str]) -> "subprocess.Popen[bytes]":
        kept = {key: value for key, value in os.environ.items() if not key.startswith("SAMARKIV_")}
        given = {
            "SAMARKIV_HOME": str(self.settings.home),
            "SAMARKIV_PORT": str(self.settings.port),
            "SAMARKIV_WORKERS": "1",
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "samarkiv.cli", "serve"],
                env={**kept, **given, **more},
                stdout=log,
                stderr=log,
            )
        return self.process

    def ready(self, _name: str) -> None:
        assert self.process is not None
        until = time.monotonic() + 90
        http = httpx.Client(base_url=self.settings.address, timeout=5, verify=False)
        while time.monotonic() < until:
            assert self.process.poll() is None, self.said()
            try:
                if http.get("/readyz").status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"not ready: {self.said()}")

    def token(self) -> str:
        try:
            return (self.settings.home / "token").read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""

    def said(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    settings = load_settings(home=tmp_path / "home", port=free_port(), _env_file=None)
    with Running(settings) as archive:
        set_up(archive.services["ingest"].parts)  # type: ignore[attr-defined]
    made = Home(settings, tmp_path / "log")
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait(30)


def moments(count: int) -> list[Moment]:
    """The embedded archive is one process: the places of all services in turn are its own."""
    return [replace(one, process="archive") for one in plan(SEED, PLACES, count)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("count", [5, pytest.param(LONG, marks=pytest.mark.engines)])
def test_every_acknowledged_delivery_is_accepted_exactly_once(home: Home, tmp_path: Path, count: int) -> None:
    killer = Killer(home.start, home.ready)
    producer = Producer(home.settings.address, home.token, SEED)
    with producing(producer, threads=3, pause_s=0.1):
        killer.run(moments(count))
    print(
        f"\n{table(killer.kills)}\n{len(producer.acknowledged)} acknowledged, answers {dict(producer.told)}"
    )
    assert not killer.faults, (killer.faults, home.said())
    client, public = Client(home.settings), Client(home.settings, signed=False)
    sent = producer.acknowledged
    rows = reckoning.settled(client, sent, 120)
    packages = reckoning.accepted_once(client, public, sent, rows)
    reckoning.same_bytes(client, sent, rows, tmp_path / "out")
    reckoning.verified(client, packages)
    files = home.settings.home
    database = Database.open(database_url(home.settings))
    reckoning.nothing_left(
        database, lambda: [str(path) for path in (files / "staging").rglob("*") if path.is_file()]
    )
    database.close()
    assert home.stop() == 0
    reckoning.whole_copies({name: FolderStore(files / "copies" / name) for name in ("a", "b")}, packages)
    assert [str(one) for one in files.rglob(".temp/*")] == []
    assert list((files / "scratch").iterdir()) == []
    assert [one.outcome for one in killer.kills] == ["killed"] * count
