"""A kit on a temporary SQLite file, an event log and folders, and jobs as the worker gives them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samarkiv_contracts.envelope import Envelope
from samarkiv_contracts.events import Event
from samarkiv_contracts.events.delivery import DeliveryPassed
from samarkiv_contracts.handover import Handover
from samarkiv_preservation import tables
from samarkiv_preservation.kit import Kit
from samarkiv_preservation.packages.site import Site
from samarkiv_runtime.clock import CountedIds, FixedClock
from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.ocfl import PackageReader
from samarkiv_runtime.ports import Effect, Job, ObjectStore, Outgoing

from tests.unit.preservation.deliveries import MOMENT, site_of


@dataclass
class Told:
    """An event log that only remembers what was appended."""

    events: list[Outgoing] = field(default_factory=list)

    def append(self, _tx: object, events: Any) -> None:
        self.events.extend(events)

    def types(self) -> list[str]:
        return [one.event.type.removeprefix("se.samarkiv.").removesuffix(".v1") for one in self.events]


@dataclass
class Desk:
    kit: Kit
    told: Told
    clock: FixedClock

    def run(self, effect: Effect | None) -> None:
        assert effect is not None
        with self.kit.database.write() as tx:
            effect(tx)


def desk_of(tmp_path: Path, copies: dict[str, ObjectStore] | None = None) -> Desk:
    site: Site = site_of(tmp_path, copies)
    database = Database.open(f"sqlite:///{tmp_path / 'db.sqlite'}")
    tables.metadata.create_all(database.engine)
    told, clock = Told(), FixedClock(MOMENT)
    teller = Teller(told, clock, CountedIds(1), "preservation")  # type: ignore[arg-type]
    kit = Kit(
        site,
        PackageReader(site.copies),
        FolderStore(tmp_path / "staging"),
        FolderStore(tmp_path / "derivatives"),
        database,
        clock,
        teller,
    )
    return Desk(kit, told, clock)


def job_of(event: Event, n: int = 1) -> Job:
    key = str(getattr(event, event.key))
    envelope = Envelope(
        id=f"event-{n}",
        source="/services/ingest",
        type=event.type,
        time=MOMENT,
        subject=key,
        partitionkey=key,
        correlationid=key,
        data=event.model_dump(mode="json"),
    )
    return Job(n, "preservation", key, "", "archive.delivery", 0, 1, 0, {}, envelope.to_bytes(), envelope)


def passed(handover: Handover, sha256: str) -> DeliveryPassed:
    return DeliveryPassed(
        delivery=handover.delivery,
        agreement=handover.packages[0].description.agreement,
        handover=f"passed/{handover.delivery}/handover.json",
        handover_sha256=sha256,
        packages=tuple(plan.description.id for plan in handover.packages),
        files=sum(plan.description.files for plan in handover.packages),
        bytes=sum(plan.description.bytes for plan in handover.packages),
    )
