"""Deliveries for tests: a handover in a staging store, as ingest leaves it, and stores that fail on purpose."""

import hashlib
import json
import uuid
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from samarkiv_contracts.description import PackageDescription, RecordDescription, SecrecyMark
from samarkiv_contracts.handover import Act, FileEntry, Handover, PlannedPackage
from samarkiv_contracts.problems import Unavailable
from samarkiv_preservation.packages.ocfl_writer import prepare_root
from samarkiv_preservation.packages.site import Site
from samarkiv_runtime.objects.folder import FolderStore
from samarkiv_runtime.ports import ObjectInfo, ObjectStore, ObjectWriter

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MOMENT = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
AWKWARD = {
    "Ärende 2024-113/öppet brev 100%.txt": b"hej\n",
    "A\u030angstro\u0308m e\u0301.txt": b"NFD\n",
    "\u00c5ngstr\u00f6m \u00e9.txt": b"NFC\n",
    "a+b & c#d <e> \"f\" 'g'.csv": b"1;2\n",
    "tom fil.txt": b"",
    "METS.xml": b"<mets/>",
    "metadata/descriptive/ead.xml": b"<ead/>",
    "stor.bin": bytes(range(256)) * 20_000,
}


def make_id(kind: str, seed: str) -> str:
    raw = uuid.uuid5(uuid.NAMESPACE_OID, seed).bytes
    return f"{kind}-{uuid.UUID(bytes=raw, version=4)}"


def site_of(tmp_path: Path, copies: dict[str, ObjectStore] | None = None) -> Site:
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True, parents=True)
    if copies is None:
        copies = {name: FolderStore(tmp_path / "copies" / name) for name in ("a", "b")}
        for store in copies.values():
            prepare_root(store)
    return Site(copies, scratch, ThreadPoolExecutor(6), "0.1.0")


def description(seed: str, files: int, size: int, **more: object) -> PackageDescription:
    values: dict[str, object] = {
        "id": make_id("uuid", seed),
        "label": f"Öppna <handlingar> & annat {seed}",
        "tenant": make_id("tnt", "lindhamra"),
        "tenant_name": "Lindhamra kommun",
        "authority": make_id("aut", "mn"),
        "authority_name": "Miljönämnden",
        "agreement": make_id("agr", "1"),
        "agreement_reference": "DEMO-TOLERANT",
        "agreement_version": 1,
        "delivery": make_id("dlv", "1"),
        "producer": "Ärendesystemet",
        "profile": "folder",
        "received_at": "2026-11-24T11:59:00Z",
        "level": 0,
        "container_name": "leverans.zip",
        "container_sha256": "0" * 64,
        "container_bytes": size,
        "records": 1,
        "files": files,
        "bytes": size,
    }
    return PackageDescription.model_validate({**values, **more})


def record(seed: str, **more: object) -> RecordDescription:
    values: dict[str, object] = {
        "id": make_id("rec", seed),
        "title": "Tillsyn av dagvatten",
        "level": 0,
        "registry_no": "MN 2024-113",
        "dates": {"created": "2024-01-02"},
        "description": "En rad\noch en till",
        "secrecy": (
            SecrecyMark(legal_ref="OSL 26:1", date="2026-01-01", until="2096-01-01", authority="MN"),
        ),
    }
    return RecordDescription.model_validate({**values, **more})


def listing(
    packages: list[dict[str, bytes]], empty_folders: tuple[str, ...]
) -> tuple[list[FileEntry], dict[str, bytearray]]:
    stores = {"upload": bytearray(b"head"), "content": bytearray()}
    entries: list[FileEntry] = []
    for number, files in enumerate(packages):
        for position, (path, data) in enumerate(files.items()):
            source = "upload" if position % 2 else "content"
            entries.append(
                FileEntry(
                    path=path,
                    size=len(data),
                    sha256=hashlib.sha256(data).hexdigest(),
                    crc32=zlib.crc32(data),
                    source=source,  # type: ignore[arg-type]
                    offset=len(stores[source]),
                    puid="fmt/412" if path.endswith(".docx") else "x-fmt/111",
                    mime=DOCX if path.endswith(".docx") else "text/plain",
                    format="Plain Text File",
                    package=number,
                )
            )
            stores[source] += data + b"gap"
        entries += [FileEntry(path=folder, folder=True, package=number) for folder in empty_folders]
    return entries, stores


def told_by_ingest(delivery: str, base: str, packages: list[dict[str, bytes]], seed: str) -> Handover:
    return Handover(
        delivery=delivery,
        tenant=make_id("tnt", "lindhamra"),
        upload="uploads/1",
        content=f"{base}/content.bin",
        files=f"{base}/files.jsonl",
        report=f"{base}/report.json",
        agreement={"id": make_id("agr", "1"), "reference": "DEMO-TOLERANT", "version": 1},
        packages=tuple(
            PlannedPackage(
                description=description(
                    f"{seed}{number}",
                    len(files),
                    sum(map(len, files.values())),
                    delivery_packages=len(packages),
                ),
                records=(record(f"{seed}{number}"),),
            )
            for number, files in enumerate(packages)
        ),
        acts=(
            Act(type="transfer", at="2026-11-24T11:59:00Z", outcome="success", detail="tus"),
            Act(type="virus check", at="2026-11-24T11:59:10Z", outcome="not done", agent="clamd 1.4"),
            Act(
                type="format identification",
                at="2026-11-24T11:59:10Z",
                outcome="success",
                agent="siegfried 1.11 (v125)",
            ),
            Act(
                type="validation", at="2026-11-24T11:59:20Z", outcome="success", agent=make_id("prs", "anna")
            ),
        ),
        people=({"id": make_id("prs", "anna"), "name": "Anna Ek", "role": "archivist"},),
    )


def hand_over(
    staging: ObjectStore,
    packages: list[dict[str, bytes]],
    empty_folders: tuple[str, ...] = (),
    *,
    seed: str = "p",
    interleaved: bool = False,
) -> tuple[Handover, str]:
    """Put a delivery into staging; returns the handover and its sha-256. Even files lie in the upload, odd in content."""
    delivery = make_id("dlv", "1")
    base = f"passed/{delivery}"
    entries, stores = listing(packages, empty_folders)
    if interleaved:
        entries.sort(key=lambda entry: entry.path)
    put(staging, "uploads/1", bytes(stores["upload"]))
    put(staging, f"{base}/content.bin", bytes(stores["content"]))
    put(staging, f"{base}/files.jsonl", "".join(f"{one.model_dump_json()}\n" for one in entries).encode())
    put(staging, f"{base}/report.json", json.dumps({"outcome": "passed", "findings": []}).encode())
    handover = told_by_ingest(delivery, base, packages, seed)
    body = handover.model_dump_json().encode()
    put(staging, f"{base}/handover.json", body)
    return handover, hashlib.sha256(body).hexdigest()


def put(store: ObjectStore, key: str, data: bytes) -> None:
    writer = store.create(key)
    writer.write(data)
    writer.commit()


class Crash(BaseException):
    """The process is gone."""


class Failing:
    """An ObjectStore that dies (or does not answer) at its n-th change, before or after the change took effect."""

    def __init__(
        self, store: ObjectStore, log: list[str], at: int = -1, *, after: bool = False, quiet: bool = False
    ):
        self.store, self.log, self.at, self.after, self.quiet = store, log, at, after, quiet

    def step(self, name: str, act) -> None:
        here = len(self.log)
        self.log.append(name)
        if here == self.at and not self.after:
            raise Unavailable if self.quiet else Crash
        result = act()
        if here == self.at:
            raise Unavailable if self.quiet else Crash
        return result

    def create(self, key: str) -> ObjectWriter:
        return FailingWriter(self, key)

    def replace(self, key: str, data: bytes) -> None:
        self.step(f"replace {key}", lambda: self.store.replace(key, data))

    def delete(self, key: str) -> None:
        self.step(f"delete {key}", lambda: self.store.delete(key))

    def read(self, key: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        return self.store.read(key, offset, length)

    def stat(self, key: str) -> ObjectInfo | None:
        return self.store.stat(key)

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        return self.store.list(prefix)

    def local_path(self, key: str) -> Path | None:
        return None


class FailingWriter:
    def __init__(self, failing: Failing, key: str) -> None:
        self.failing, self.key = failing, key
        self.writer = failing.store.create(key)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writer.write(data)

    def commit(self) -> ObjectInfo:
        return self.failing.step(f"commit {self.key}", self.writer.commit)

    def abort(self) -> None:
        self.writer.abort()
