"""A small archive for the tests of search: hand-made packages, real indexes, a real database in a folder."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import samarkiv_runtime
import samarkiv_search
from samarkiv_contracts.description import PackageDescription, RecordDescription
from samarkiv_runtime.clock import CountedIds, FixedClock
from samarkiv_runtime.database import Database, migrate
from samarkiv_runtime.eventlog.sqlite import SqliteLog
from samarkiv_runtime.eventlog.tables import EVENT
from samarkiv_runtime.eventlog.tell import Teller
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.ports import Job
from samarkiv_search.analysis import Analyser
from samarkiv_search.analysis.question import Questions
from samarkiv_search.backends.port import Backend
from samarkiv_search.backends.tantivy import TantivyBackend
from samarkiv_search.usecases.parts import Parts
from sqlalchemy import select

ANALYSER = Analyser()
TENANT = "tnt-00000000-0000-4000-8000-000000000001"
AUTHORITY = "aut-00000000-0000-4000-8000-000000000001"


def package_id(number: int) -> str:
    return f"uuid-00000000-0000-4000-8000-{number:012d}"


def record_id(number: int) -> str:
    return f"rec-00000000-0000-4000-8000-{number:012d}"


def record(number: int, title: str, *, level: int = 0, **more: Any) -> RecordDescription:
    return RecordDescription(id=record_id(number), title=title, level=level, **more)


class Shelf:
    """`Packages` in memory."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[PackageDescription, list[RecordDescription], list[str], int]] = {}

    def store(
        self,
        number: int,
        records: list[RecordDescription],
        files: list[str],
        *,
        version: int = 1,
        **more: Any,
    ) -> str:
        name = package_id(number)
        said = {
            "id": name,
            "label": "leverans",
            "tenant": TENANT,
            "tenant_name": "Höganäs kommun",
            "authority": AUTHORITY,
            "authority_name": "Byggnadsnämnden",
            "agreement": "agr-00000000-0000-4000-8000-000000000001",
            "agreement_reference": "BN-1",
            "agreement_version": 1,
            "delivery": "dlv-00000000-0000-4000-8000-000000000001",
            "producer": "system",
            "profile": "folder",
            "received_at": "2026-11-24T12:00:00Z",
            "level": 0,
            "container_name": "x.zip",
            "container_sha256": "0" * 64,
            "container_bytes": 1,
            "records": len(records),
            "files": len(files),
            "bytes": 1,
        }
        self.held[name] = (PackageDescription.model_validate({**said, **more}), records, files, version)
        return name

    def inventory(self, object_id: str) -> Any:
        return SimpleNamespace(head=self.held[object_id][3])

    def description(self, object_id: str) -> tuple[PackageDescription, Iterator[RecordDescription]]:
        said, records, _files, _version = self.held[object_id]
        return said, iter(records)

    def members(self, object_id: str) -> Iterator[Any]:
        yield SimpleNamespace(name=f"{object_id}/METS.xml", puid="", mime="text/xml")
        for path in self.held[object_id][2]:
            name = f"{object_id}/representations/original/data/{path}"
            yield SimpleNamespace(name=name, puid="fmt/276", mime="application/pdf")


class Papers:
    """`Registry` in memory."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}

    def document(self, tenant: str) -> dict[str, Any]:
        return self.documents[tenant]


class Desk:
    """Everything the use cases need, and what they told."""

    def __init__(self, folder: Path, backend: Backend | None = None) -> None:
        self.database = Database.open(f"sqlite:///{folder}/db/s.sqlite")
        modules = {"runtime": samarkiv_runtime, "search": samarkiv_search}
        migrate(
            self.database,
            [
                (name, Path(str(one.__file__)).parent / "migrations" / "versions")
                for name, one in modules.items()
            ],
        )
        self.clock = FixedClock()
        self.shelf = Shelf()
        self.papers = Papers()
        self.derivatives = FolderStore(folder / "derivatives")
        self.backend = backend or TantivyBackend(folder / "index")
        self.parts = Parts(
            database=self.database,
            clock=self.clock,
            teller=Teller(SqliteLog(self.database, self.clock), self.clock, CountedIds(), "search"),
            packages=self.shelf,
            derivatives=self.derivatives,
            registry=self.papers,
            analyser=ANALYSER,
            questions=Questions(ANALYSER),
            backend=self.backend,
            public=self.backend.open("public"),
            closed=self.backend.open("closed"),
        )
        self._jobs = 0

    def text(self, package: str, version: int, texts: dict[str, str]) -> None:
        writer = self.derivatives.create(f"{package}/{version}/text.jsonl")
        for path, text in texts.items():
            writer.write(json.dumps({"path": path, "text": text}).encode() + b"\n")
        writer.commit()

    def job(self) -> Job:
        self._jobs += 1
        return Job(self._jobs, "search", "lane", TENANT, "archive.package", 0, 1, 0, {}, b"")

    def hear(self, use_case: Any, event: Any) -> None:
        """Run a use case and its effect."""
        effect = use_case(self.parts, self.job(), event)
        with self.database.write() as tx:
            effect(tx)

    def told(self) -> list[dict[str, Any]]:
        with self.database.read() as tx:
            bodies = tx.execute(select(EVENT.c.body).order_by(EVENT.c.n)).scalars().all()
        return [json.loads(body)["data"] for body in bodies]
