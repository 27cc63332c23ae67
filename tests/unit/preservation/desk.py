"""A kit on a temporary SQLite file, an event log and folders, and jobs as the worker gives them."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samarkiv_contracts.envelope import Envelope
from samarkiv_contracts.events import Event
from samarkiv_contracts.events.delivery import DeliveryPassed
from samarkiv_contracts.handover import Handover
from samarkiv_preservation import tables
from samarkiv_preservation.derivatives import Derived, Task
from samarkiv_preservation.formats.policy import Rule
from samarkiv_preservation.kit import Kit
from samarkiv_preservation.migrators.base import MigrationResult, Migrator
from samarkiv_preservation.packages.site import Site
from samarkiv_runtime.clock import CountedIds, FixedClock
from samarkiv_runtime.database import Database
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.ocfl import PackageReader
from samarkiv_runtime.ports import Effect, Job, ObjectStore, Outgoing
from samarkiv_runtime.telemetry import Meters

from tests.unit.preservation.deliveries import DOCX, MOMENT, site_of


@dataclass
class Told:
    """An event log that only remembers what was appended."""

    events: list[Outgoing] = field(default_factory=list)

    def append(self, _tx: object, events: Any) -> None:
        self.events.extend(events)

    def types(self) -> list[str]:
        return [one.event.type.removeprefix("se.samarkiv.").removesuffix(".v1") for one in self.events]


RULE = Rule("word-processing", "2026-11-24.1", to="fmt/477", action="transform", tool="office")


@dataclass(frozen=True)
class FakeOffice:
    """Makes a PDF of every file that does not say `bad`, with the outcome its text asks for."""

    rule: Rule = RULE
    target_puid: str = "fmt/477"
    target_mime: str = "application/pdf"
    suffix: str = ".pdf"

    def migrate(self, batch: Sequence[Path], outdir: Path) -> list[MigrationResult]:
        found = []
        for source in batch:
            data = source.read_bytes()
            outcome = next(
                (word for word in ("needs_review", "could_not", "failed", "proved") if word.encode() in data),
                "plausible",
            )
            output = outdir / f"{source.stem}.pdf"
            output.write_bytes(b"%PDF-1.7 " + data)
            kept = output if outcome in {"plausible", "proved", "needs_review"} else None
            if b"already" in data:
                kept, outcome = None, "proved"
            reason = "" if kept else "no output"
            found.append(
                MigrationResult(source, kept, outcome, {"word_recall": 0.97}, "LibreOffice", "7.4.7", reason)  # type: ignore[arg-type]
            )
        return found


PLAN: dict[str, Migrator] = {DOCX: FakeOffice()}


def extracted(tasks: list[Task]) -> "Future[list[Derived]]":
    """Derive in this thread: the file's text, and a thumbnail of every PDF."""
    future: Future[list[Derived]] = Future()
    found = []
    for task in tasks:
        with open(task.path, "rb") as file:
            file.seek(task.offset)
            data = file.read(task.length if task.length is not None else -1)
        if b"kills its worker" in data:
            future.set_exception(RuntimeError("the worker died"))
            return future
        picture = b"WEBP" if data.startswith(b"%PDF") else None
        text = data.decode("utf-8", "replace")
        found.append(Derived(text, picture, [b"PAGE"] if picture else [], "done"))
    future.set_result(found)
    return future


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
        extract=extracted,
        plan=lambda puid, mime: PLAN.get(mime),
        meters=Meters(),
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
